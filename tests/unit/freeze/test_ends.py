"""A freeze that ends by itself is reported once, in the channel where it was announced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from redis import Redis

from bot.audit import Audit, Entry
from bot.config import Config
from bot.freeze import Freezes
from bot.freeze.ends import FreezeEnds
from bot.outbox.deliverer import Deliverer, Ready
from tests.kits.outbox import Clock, FakeSlack, deliverer_of, due_at_once

ORDER = "! 1 order still waits for an approval that the freeze added:"


class Dying(Deliverer):
    """The deliverer of a process that dies before it sends anything."""

    def send(self, ready: Sequence[Ready]) -> None:
        """Die."""


@dataclass
class Scene:
    """Some processes of the bot with one Redis and one Slack."""

    redis: Redis
    audit: Audit
    clock: Clock
    slack: FakeSlack
    windows: tuple[dict[str, Any], ...] = ()

    @property
    def freezes(self) -> Freezes:
        """The freezes, with those of swarmbot.yml."""
        return Freezes(self.redis, self.audit, self.config)

    @property
    def config(self) -> Config:
        """What swarmbot.yml says."""
        prod = {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}, "freezes": list(self.windows)}
        lab = {"channel": "C0LAB", "hosts": {"host-2": "192.0.2.2"}}
        return Config.model_validate({"clusters": {"prod": prod, "lab": lab}})

    def freeze(self, seconds: float = 600) -> None:
        """Let Cleo freeze prod."""
        entry = Entry("froze", "U0CLEO", cluster="prod")
        assert self.freezes.freeze("prod", self.clock.at + seconds, "U0CLEO", "sale", [entry])

    def process(self, *, dies: bool = False) -> FreezeEnds:
        """Return what one worker does."""
        deliverer = deliverer_of(self.redis, self.audit, self.slack)
        deliverer.__class__ = Dying if dies else Deliverer
        return FreezeEnds(
            config=self.config,
            freezes=self.freezes,
            waiting=lambda cluster: [f"{ORDER} {cluster}"],
            deliverer=deliverer,
            worker="one",
            now=self.clock,
        )

    def told(self) -> list[str]:
        """Return the messages in prod's channel, without the times."""
        return [re.sub(r"<!date[^>]*>", "then", text) for text in self.slack.texts("C0PROD")]


@pytest.fixture
def scene(client: Redis, audit: Audit) -> Scene:
    """Return a cluster that nobody has frozen."""
    return Scene(client, audit, Clock(), FakeSlack())


def test_the_end_is_told_once_by_whichever_process_is_first(scene: Scene) -> None:
    """With the orders that wait, after its time, and in no other channel; the audit log has it once."""
    first, second = scene.process(), scene.process()
    scene.freeze()
    first.run_once()
    assert scene.slack.seen == []
    scene.clock.at += 600
    for process in (first, second, first, scene.process()):
        process.run_once()
    assert scene.told() == [
        "✓ *prod is not frozen any more*. The freeze that <@U0CLEO> set ended then.\n" + f"{ORDER} prod"
    ]
    assert len(scene.slack.seen) == 1
    assert [entry.action for entry in scene.audit.query()] == ["freeze ended", "froze"]


def test_two_processes_at_the_same_moment_tell_one_message(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second looks before the first has written."""
    scene.freeze()
    scene.clock.at += 600
    ended, second = scene.freezes.kept("prod"), scene.process()
    scene.process().run_once()
    monkeypatch.setattr(second._freezes, "kept", lambda cluster: ended if cluster == "prod" else None)
    second.run_once()
    assert len(scene.slack.seen) == 1
    assert [entry.action for entry in scene.audit.query()] == ["freeze ended", "froze"]


def test_a_process_that_dies_has_promised_the_message(scene: Scene) -> None:
    """Another worker sends it."""
    scene.freeze()
    scene.clock.at += 600
    scene.process(dies=True).run_once()
    scene.process().run_once()
    assert scene.slack.seen == []
    due_at_once(scene.redis)
    deliverer_of(scene.redis, scene.audit, scene.slack).run_once()
    assert len(scene.told()) == 1


def test_what_was_thawed_or_replaced_does_not_end(scene: Scene) -> None:
    """A thaw has reported its end already, and a longer freeze continues."""
    scene.freeze()
    entry = Entry("froze", "U0CLEO", cluster="prod")
    scene.freezes.freeze("prod", scene.clock.at + 900, "U0DAN", "", [entry], replaces=scene.freezes.kept("prod"))
    scene.clock.at += 600
    scene.process().run_once()
    assert scene.freezes.thaw("prod", [Entry("thawed", "U0DAN", cluster="prod")], scene.clock.at)
    scene.clock.at += 600
    scene.process().run_once()
    assert scene.slack.seen == []


def test_a_freeze_of_the_calendar_goes_on(scene: Scene) -> None:
    """The message says so, and names no order: their approvals are still needed."""
    scene.windows = ({"from": "mon 00:00", "until": "sun 23:59", "reason": "no changes"},)
    scene.freeze()
    scene.clock.at += 600
    scene.process().run_once()
    [told] = scene.told()
    ended = "! The freeze that <@U0CLEO> set ended then, but swarmbot.yml freezes prod until then"
    assert told == f'{ended} ("no changes").'
