"""A user group that Slack does not list: what does not depend on it continues; help and whoami always answer."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from redis import Redis

from bot.blocks import Message
from bot.errors import NotAllowed
from bot.gate import Gate
from bot.slack.inbound.requests import SlashRequest
from bot.store import keys
from bot.usergroups import MembershipUnknown
from tests.kits.gates import gate_of
from tests.plans.showing import show_message

CONFIG = {
    "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}}},
    "people": {"operators": ["S0OPS"], "admins": ["U0ADA"]},
    "rules": {"view": ["operators"], "operate": ["operators"], "administer": ["admins"]},
}


@pytest.fixture
def gate(client: Redis, redis_url: str, tmp_path: Path) -> Gate:
    """Return a gate whose Slack does not respond."""
    assert client.ping()
    return gate_of(CONFIG, redis_url, tmp_path, SLACK_API_URL="http://127.0.0.1:9/api/")


def typed(gate: Gate, user: str, text: str) -> list[str]:
    """Return what a person who types ``text`` is answered."""
    key = f"command:{user}:{text}"
    answer = gate.slash(SlashRequest(text, user, "C0PROD", "https://hooks.slack.com/commands/1", key, "1.2"))
    assert isinstance(answer, Message)
    return show_message(answer)


@pytest.mark.parametrize("user", ["U0ADA", "U0BEN"])
def test_help_answers(gate: Gate, user: str) -> None:
    """Nobody needs a permission to read which commands there are."""
    assert "*Commands of Swarmbot* · cluster here: *prod*" in typed(gate, user, "help")


def test_whoami_answers_who_is_named_by_id(gate: Gate) -> None:
    """What the id gives is certain."""
    lines = typed(gate, "U0ADA", "whoami")
    assert lines[0] == "You are <@U0ADA>, a member of @admins. Cluster here: prod."
    assert lines[1] == "! Slack did not say who is in <!subteam^S0OPS>. Ask again in a minute."
    assert [line[:19] for line in lines[2:5]] == ["✓ You may *view* (g", "✓ You may *operate*", "✓ You may *administ"]


def test_whoami_answers_who_may_be_in_the_group(gate: Gate) -> None:
    """What only the group could give is unknown, and not denied."""
    lines = typed(gate, "U0BEN", "whoami")
    assert lines[0] == "You are <@U0BEN>, a member of unknown groups. Cluster here: prod."
    assert lines[2].startswith("! It is unknown whether you may *view*")
    assert lines[4].startswith("✗ You may not *administer*")


def test_a_command_is_permitted_by_the_id_alone(gate: Gate) -> None:
    """A person named by id continues; for others the command is not run, and what no group could give is refused."""
    assert typed(gate, "U0ADA", "jobs")
    with pytest.raises(MembershipUnknown, match="S0OPS"):
        typed(gate, "U0BEN", "jobs")
    with pytest.raises(NotAllowed):
        typed(gate, "U0BEN", "demote host-1")


def test_a_change_needs_a_newer_answer_than_a_question(gate: Gate, client: Redis) -> None:
    """Slack's answer of some minutes ago permits questions, but no changes: the person may have left the group."""
    answer = {"users": ["U0BEN"], "at": time.time() - 300}
    client.set(keys.user_group("S0OPS"), json.dumps(answer))
    assert typed(gate, "U0BEN", "jobs")
    assert typed(gate, "U0BEN", "audit")
    for change in ("drain host-1", "cancel k7f3"):
        with pytest.raises(MembershipUnknown, match="S0OPS"):
            typed(gate, "U0BEN", change)
    client.set(keys.user_group("S0OPS"), json.dumps(answer | {"at": time.time() - 20}))
    assert typed(gate, "U0BEN", "drain host-1")
