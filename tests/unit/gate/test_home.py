"""Home at the gate: whose is due, and presses in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from bot.blocks import Message
from bot.errors import NotAllowed, Unavailable
from bot.gate import Gate
from bot.gate.gate import ANSWER_FOLLOWS
from bot.home.homes import Homes
from bot.queue.queue import Queue
from bot.slack.inbound.requests import PressRequest
from bot.store import keys

STATUS = PressRequest("command.type", "status --cluster prod", "U0ADA", "", "", "press:1", "1.3", "", view="home")


@pytest.fixture(autouse=True)
def _worker(client: Redis) -> None:
    """Register a worker that is alive."""
    client.zadd(keys.WORKERS, {"one": 10**15})


def test_an_opened_home_is_due(gate: Gate, client: Redis) -> None:
    """It is claimed once; a press there makes it due again."""
    gate.home_opened("U0ADA", empty=True)
    homes = Homes(client)
    claim = homes.claim()
    assert claim
    assert claim.person == "U0ADA"
    homes.done(claim, 60, digest="", shown="")
    assert homes.claim() is None
    gate.press(STATUS)
    assert homes.claim()


def test_a_command_of_home_is_a_job_that_is_answered_directly(gate: Gate, queue: Queue) -> None:
    """It has no channel and no response_url; the person reads where the answer comes."""
    assert gate.press(STATUS) == ANSWER_FOLLOWS
    [job] = queue.recent("prod", 9)
    assert (job.order.words, job.order.channel, job.order.response_url) == ("status", "", "")


def test_a_press_needs_the_permission(gate: Gate, queue: Queue) -> None:
    """For any earlier content of Home."""
    with pytest.raises(NotAllowed):
        gate.press(replace(STATUS, user="U0EVE"))
    assert queue.recent("prod", 9) == []


def test_what_a_press_did_is_told_although_home_cannot_be_marked(
    gate: Gate, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis failed just after the job was stored."""

    def fails(*_: object) -> None:
        raise Unavailable("Redis does not respond.")

    monkeypatch.setattr(Homes, "changed", fails)
    assert isinstance(gate.press(STATUS), Message)
    assert len(queue.recent("prod", 9)) == 1
