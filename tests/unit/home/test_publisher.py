"""Which Homes are published, when, and by whom: on a real Redis, with a local Slack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis import Redis

from bot.errors import Failed
from bot.home.homes import MAX_CALLS_A_MINUTE, Homes
from bot.home.publisher import KEPT_S, HomePublisher
from bot.home.reader import HomeData, HomeReader
from bot.home.view import HomeFacts, HomeJob
from bot.settings import Settings
from bot.slack.outbound.client import web_client
from bot.slack.outbound.notifier import Notifier
from bot.store import keys
from sandbox.slack import LocalSlack
from tests.kits.incidents import AT
from tests.kits.outbox import Clock


@dataclass
class Pages(HomeReader):
    """What each person sees is set by the test."""

    words: dict[str, str] = field(default_factory=dict)
    reads: int = 0

    def stored(self) -> HomeData:
        """Count how often it is read."""
        self.reads += 1
        return HomeData(AT, (), (), {}, (), 1)

    def facts(self, person: str, stored: HomeData) -> HomeFacts:
        """Return a page with one job."""
        job = HomeJob("k7f3", "prod", self.words.get(person, "status"), "succeeded", AT)
        return HomeFacts(stored.at, may_view=True, jobs=(job,))


class World:
    """Two processes that publish to one Slack."""

    def __init__(self, client: Redis, slack: LocalSlack) -> None:
        self.client = client
        self.slack = slack
        self.clock = Clock()
        self.pages = Pages()
        self.homes = Homes(client, self.clock)
        settings = Settings.from_environment(slack.environment())
        notifier = Notifier(web_client(settings, retries=False), retries=False)
        self.processes = [HomePublisher(self.homes, self.pages, notifier, self.clock) for _ in range(2)]

    def due(self) -> None:
        """Let every Home be due: Redis' clock cannot be set."""
        people: Any = self.client.zrange(keys.HOMES, 0, -1)
        for person in people:
            self.client.zadd(keys.HOMES, {person: 0})

    def run_once(self) -> None:
        """Let all processes take a turn."""
        for process in self.processes:
            process.run_once()

    def published(self) -> list[str]:
        """Return the calls of views.publish by their results."""
        with self.slack.workspace.changed:
            calls = [call for call in self.slack.workspace.calls if call.method == "views.publish"]
            return [str(call.body.get("error") or "ok") for call in calls]

    def shown(self, user: str) -> str:
        """Return what somebody's Home shows."""
        with self.slack.workspace.changed:
            return str(self.slack.workspace.views.homes[user].content["blocks"])


@pytest.fixture
def world(client: Redis) -> Iterator[World]:
    """Nobody has opened their Home."""
    with LocalSlack(bot_url="http://127.0.0.1:9/slack/events") as slack:
        yield World(client, slack)


def test_an_opened_home_is_published_once(world: World) -> None:
    """By one of the processes, from one reading for all people; another person's is another one."""
    world.homes.opened("U0ADA", empty=True)
    world.homes.opened("U0BEN", empty=True)
    world.pages.words = {"U0ADA": "drain host-1", "U0BEN": "drain host-2"}
    world.run_once()
    assert world.published() == ["ok", "ok"]
    assert world.pages.reads == 1
    assert "drain host-1" in world.shown("U0ADA")
    assert "drain host-2" in world.shown("U0BEN")


def test_nothing_is_published_from_a_reading_before_its_claim(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may have published newer facts between such a reading and the claim."""
    due: list[object] = []

    def stored() -> HomeData:
        due.append(world.homes.claim())
        return HomeData(AT, (), (), {}, (), 1)

    monkeypatch.setattr(world.pages, "stored", stored)
    world.homes.opened("U0ADA", empty=True)
    world.homes.opened("U0BEN", empty=True)
    world.run_once()
    assert due == [None]
    assert world.published() == ["ok", "ok"]


def test_only_what_has_changed_is_published_again(world: World) -> None:
    """Read again and again, sent only with something new."""
    world.homes.opened("U0ADA", empty=True)
    for _ in range(3):
        world.run_once()
        world.due()
    assert world.published() == ["ok"]
    world.pages.words = {"U0ADA": "drain host-1"}
    world.run_once()
    assert world.published() == ["ok", "ok"]
    assert "drain host-1" in world.shown("U0ADA")


def test_an_empty_home_is_published_although_nothing_changed(world: World) -> None:
    """The app was installed again, and Slack has forgotten what was there."""
    world.homes.opened("U0ADA", empty=True)
    world.run_once()
    world.homes.opened("U0ADA", empty=False)
    world.run_once()
    assert world.published() == ["ok"]
    world.homes.opened("U0ADA", empty=True)
    world.run_once()
    assert world.published() == ["ok", "ok"]


def test_a_conflict_is_settled_with_a_new_reading(world: World) -> None:
    """Somebody else published meanwhile: what is read afterwards is shown."""
    world.homes.opened("U0ADA", empty=True)
    world.run_once()
    world.client.hset(keys.home("U0ADA"), "hash", "of-another-view")
    world.pages.words = {"U0ADA": "drain host-1"}
    world.due()
    world.run_once()
    world.run_once()
    assert world.published() == ["ok", "hash_conflict", "ok"]
    assert "drain host-1" in world.shown("U0ADA")


def test_slacks_limit_is_kept_by_all_processes_together(world: World) -> None:
    """A person who opens their Home when the minute is full waits, and is not forgotten."""
    with world.slack.workspace.changed:
        for number in range(120):
            world.slack.team.add_user(f"U0N{number}", f"n{number}")
    for number in range(120):
        world.homes.opened(f"U0N{number}", empty=True)
    for _ in range(10):
        world.run_once()
    assert world.published() == ["ok"] * MAX_CALLS_A_MINUTE
    world.clock.at += 60
    world.slack.advance(60)
    world.due()
    for _ in range(10):
        world.run_once()
    assert world.published() == ["ok"] * 120


def test_a_rate_limit_is_waited_for(world: World) -> None:
    """Slack says how long; nothing is lost."""
    world.homes.opened("U0ADA", empty=True)
    world.slack.fault("rate_limited", "views.publish", times=1, seconds=30)
    world.run_once()
    world.run_once()
    assert world.published() == ["ratelimited"]
    world.due()
    world.run_once()
    assert world.published() == ["ratelimited", "ok"]


def test_a_home_that_nobody_opens_any_more_is_left_alone(world: World) -> None:
    """After half a day it is published a last time, and nothing is stored about it."""
    world.homes.opened("U0ADA", empty=True)
    world.clock.at += KEPT_S + 1
    world.run_once()
    assert world.client.zcard(keys.HOMES) == 0
    assert not world.client.exists(keys.home("U0ADA"))


def test_a_person_who_is_gone_is_forgotten(world: World) -> None:
    """Slack does not know them."""
    world.homes.opened("U0GONE", empty=True)
    world.run_once()
    assert world.published() == ["user_not_found"]
    assert world.client.zcard(keys.HOMES) == 0


def test_what_changes_while_it_is_published_is_published_again(world: World) -> None:
    """A press is not lost between the reading and the end of the call."""
    world.homes.opened("U0ADA", empty=True)
    claim = world.homes.claim()
    assert claim
    assert world.homes.claim() is None
    world.homes.changed("U0ADA")
    world.homes.done(claim, 5.0, digest="", shown="")
    assert world.homes.claim()


def test_a_press_wakes_no_home_that_is_not_kept(world: World) -> None:
    """A form may be submitted by somebody who never opened their Home."""
    world.homes.changed("U0ADA")
    assert world.homes.claim() is None


def test_a_dead_process_holds_up_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its claim expires, and another process publishes."""
    monkeypatch.setattr("bot.home.homes.CLAIM_S", 0.0)
    world.homes.opened("U0ADA", empty=True)
    assert world.homes.claim()

    def broken(*_: object) -> HomeFacts:
        raise Failed("killed")

    monkeypatch.setattr(world.pages, "facts", broken)
    with pytest.raises(Failed):
        world.processes[0].run_once()
    monkeypatch.undo()
    world.processes[1].run_once()
    assert world.published() == ["ok"]
