"""The doctor's findings about Redis' password, messages that wait, the folder for backups and the key."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from redis import Redis

from bot.audit import Audit
from bot.blocks import text_message
from bot.config import Backups, Config
from bot.doctor.resources import Resources
from bot.doctor.storage import backups, messages, protected, webhooks
from bot.errors import Misconfigured
from bot.model.incident import LastReading, WatchState
from bot.outbox.outbox import Outbox
from bot.queue.end_messages import private
from bot.secrets.secret import Secret
from bot.watch.repository import WatchRepository
from bot.webhooks.deliveries import Delivery
from tests.kits.jobs import order
from tests.kits.unprivileged import unprivileged
from tests.kits.watch_lease import NOTHING_SAID, led

KEY = Secret("k" * 32)


def found(folder: Path | None, key: Secret | None = KEY) -> list[str]:
    """Return the findings."""
    parts: Any = {
        "config": SimpleNamespace(backups=Backups(folder=folder)),
        "settings": SimpleNamespace(swarmbot_secret_key=key),
    }
    return [str(finding) for finding in backups(cast("Resources", SimpleNamespace(**parts)))]


def test_no_finding_without_a_folder() -> None:
    """Backups are optional."""
    assert found(None, None) == []


def test_a_folder_that_can_be_created_is_ok(tmp_path: Path) -> None:
    """It is created with the first backup."""
    assert found(tmp_path / "new" / "backups") == [f"✓ Backups are stored in {tmp_path}/new/backups."]


def test_a_missing_key_is_a_problem(tmp_path: Path) -> None:
    """It is found before somebody needs a backup."""
    [finding] = found(tmp_path, None)
    assert finding.startswith("✗ SWARMBOT_SECRET_KEY is not set")


def test_a_file_instead_of_a_folder_is_a_problem(tmp_path: Path) -> None:
    """A parent of the folder is a file."""
    (tmp_path / "file").touch()
    [finding] = found(tmp_path / "file" / "backups")
    assert finding.startswith(f"✗ Backups cannot be stored in {tmp_path}/file/backups: {tmp_path}/file is not a folder")


def test_a_folder_without_permissions_is_a_problem(tmp_path: Path) -> None:
    """The folder or its parent belongs to somebody else: this is a finding, and the doctor continues."""
    (tmp_path / "theirs").mkdir(mode=0)
    with unprivileged():
        [itself] = found(tmp_path / "theirs")
        [inside] = found(tmp_path / "theirs" / "backups")
    assert itself.startswith(f"✗ Backups cannot be stored in {tmp_path}/theirs:")
    assert inside.startswith(f"✗ Backups cannot be stored in {tmp_path}/theirs/backups:")


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("redis://192.0.2.9:6379/0", True),
        ("redis://redis.example:6379/0", True),
        ("redis://:secret@192.0.2.9:6379/0", False),
        ("redis://127.0.0.1:6379/0", False),
        ("redis://localhost:6379/0", False),
        ("unix:///run/redis.sock", False),
    ],
)
def test_a_redis_on_another_machine_needs_a_password(url: str, *, warned: bool) -> None:
    """Everybody who can write to it can approve and queue changes."""
    resources: Any = SimpleNamespace(redis=Redis.from_url(url))
    findings = [str(finding) for finding in protected(resources)]
    assert bool(findings) is warned
    assert not warned or "without a password" in findings[0]


def test_messages_that_wait_for_slack(client: Redis) -> None:
    """A warning once they have waited for a minute."""
    audit = Audit(client)
    outbox, asked = Outbox(client, audit), order()
    resources = cast("Resources", SimpleNamespace(redis=client))
    outbox.put(private(asked, text_message("new")))
    assert list(messages(resources)) == []
    outbox.put(replace(private(asked, text_message("old"), name="old"), made_at=time.time() - 600))
    [finding] = messages(resources)
    assert str(finding).startswith("! 2 messages wait for Slack, the oldest for 10m.")


def test_requests_that_wait_for_a_webhook(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its receiver has not accepted for some time is a warning; a variable that is not set has its name."""
    hosts = {"host-1": {"address": "192.0.2.1"}}
    config = Config.model_validate(
        {
            "clusters": {"prod": {"channel": "C0PROD", "hosts": hosts}},
            "watch": {"webhooks": {"chat": {"url": "${HOOK_URL}"}}},
        }
    )
    resources = cast("Resources", SimpleNamespace(redis=client, config=config))
    with pytest.raises(Misconfigured, match="HOOK_URL"):
        list(webhooks(resources))
    monkeypatch.setenv("HOOK_URL", "https://hidden.example")
    assert [str(each) for each in webhooks(resources)] == [
        "✓ The webhook chat is set up, and no request has waited long."
    ]
    old = [Delivery("chat", "prod", "3f2a", time.time() - 600, {})]
    last_reading = LastReading("one", 0.0)
    WatchRepository(client, Audit(client)).store(
        led(client), "prod", WatchState(), last_reading, NOTHING_SAID, deliveries=old
    )
    [finding] = webhooks(resources)
    assert str(finding).startswith("! 1 request waits for the webhook chat, the oldest for 10m.")
