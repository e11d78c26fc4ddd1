"""The gate over a real Redis, with people who are named by id: no request goes to Slack."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from redis import Redis
from slack_sdk import WebClient

from bot.errors import NotUnderstood
from bot.gate import Gate
from bot.settings import Settings
from bot.slack.inbound.requests import SlashRequest
from bot.slack.outbound.notifier import Notifier
from bot.wiring.web import open_gate

CONFIG = {
    "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1", "host-2": "192.0.2.2"}}},
    "people": {"admins": ["U0ADA"]},
    "rules": {"view": ["admins"], "operate": ["admins"], "administer": ["admins"]},
}


@pytest.fixture
def gate(client: Redis, redis_url: str, tmp_path: Path) -> Gate:
    """Return a gate whose only administrator is U0ADA."""
    assert client.ping()
    config = tmp_path / "swarmbot.yml"
    config.write_text(yaml.safe_dump(CONFIG))
    environment = {"SLACK_BOT_TOKEN": "xoxb-1", "REDIS_URL": redis_url, "SWARMBOT_CONFIG": str(config)}
    return open_gate(Settings.from_environment(environment), Notifier(WebClient()))


def command(text: str) -> SlashRequest:
    """Return a command that the administrator typed in the cluster's channel."""
    return SlashRequest(text, "U0ADA", "C0PROD", "https://hooks.slack.com/commands/1", f"command:{text}", "1.2")


@pytest.mark.parametrize(
    "words",
    [
        "label host-2 proxy=http://user:pass@proxy:1",
        "label host-2 token=SWMTKN-1-abc-def",
        "label host-2 slack=xoxb-123-abc",
    ],
)
def test_a_change_that_storage_would_mask_is_refused(gate: Gate, client: Redis, words: str) -> None:
    """The value would reach the engine as `***`; the refusal does not repeat it, and nothing is stored."""
    with pytest.raises(NotUnderstood, match="looks like a secret") as refused:
        gate.slash(command(words))
    assert not any(secret in str(refused.value) for secret in ("pass@", "abc"))
    assert not [*client.scan_iter("*job:*")]


def test_a_question_with_a_secret_is_answered(gate: Gate) -> None:
    """A question changes nothing: its words are masked, and it is asked."""
    assert gate.slash(command("node SWMTKN-1-abc-def")) is not None
