"""Answers to what was asked in a message: in its thread, edited there, and never with a secret."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.queue.end_messages import shown_privately
from bot.queue.job import Order
from tests.unit.outbox.world import AWAY, TOKEN, World, answer, token_answer


@pytest.fixture
def written(asked: Order) -> Order:
    """An order in a message of a channel."""
    return replace(asked, thread="17.5", response_url="")


def test_the_answer_is_posted_once_and_edited(world: World, written: Order) -> None:
    """First "still working on it", then the answer: one message in the thread."""
    world.promise(answer(world, written, "still working on it"))
    world.promise(answer(world, written, "prod is healthy"))
    assert [place for place, _ in world.slack.seen] == ["C0PROD/17.5", "C0PROD"]
    assert world.slack.cards == {"1.0": "prod is healthy"}


def test_an_answer_survives_an_outage_of_slack(world: World, written: Order) -> None:
    """Any worker sends it later, in the same thread."""
    world.slack.failing = AWAY
    world.promise(answer(world, written), send=False)
    world.pass_time(20)
    world.slack.failing = None
    world.pass_time(20)
    assert world.slack.seen[-1][0] == "C0PROD/17.5"


def test_a_secret_goes_to_its_requester_alone(world: World, written: Order) -> None:
    """The thread says that there is an answer, and who sees it; the token is in no thread."""
    outgoing, secret = token_answer(world, written)
    world.promise(replace(outgoing, id=f"{outgoing.id}:secret"), secret)
    world.promise(replace(answer(world, written), message=shown_privately(written.requester)))
    places = [place for place, _ in world.slack.seen]
    assert places == ["U0ASKER", "C0PROD/17.5"]
    assert TOKEN not in str(world.slack.seen[1])


def test_a_channel_that_is_closed_meanwhile(world: World, written: Order) -> None:
    """The requester reads the answer privately."""
    world.slack.closed = {"C0PROD": "is_archived"}
    world.promise(answer(world, written))
    [(place, text)] = world.slack.seen
    assert place == "U0ASKER"
    assert text.startswith("Only you see this: prod is healthy")
