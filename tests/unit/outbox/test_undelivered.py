"""Messages that Slack does not accept: closed channels, and messages that are given up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.outbox import deliverer as module
from bot.outbox.deliverer import CLOSED_PAUSE_S, MAX_AGE_S, MAX_PAUSE_S
from bot.queue.job import Order
from bot.queue.queue import Queue
from tests.kits.jobs import admitted
from tests.unit.outbox.world import AWAY, World, answer, shown


def test_a_channel_that_cannot_be_posted_to(world: World, asked: Order) -> None:
    """The requester is told once, with what the card says. When the channel is open again, the card is posted."""
    world.slack.closed = {"C0PROD": "not_in_channel"}
    world.promise(shown(world, asked, "1", promised=False))
    assert world.slack.seen == [], "progress is not worth a message"
    world.pass_time(CLOSED_PAUSE_S)
    world.promise(replace(shown(world, asked, "✓ joined"), hint="Look elsewhere."))
    world.pass_time(2 * CLOSED_PAUSE_S, step=5)
    assert world.slack.seen == [("hook", "Only you see this: ✓ joined")]
    assert "*Swarmbot cannot post in* <#C0PROD> (`not_in_channel`)" in str(world.slack.messages[0].blocks)
    assert "Look elsewhere." in str(world.slack.messages[0].blocks)
    closed = world.outbox.channel_problem("C0PROD")
    assert closed
    assert (closed.reason, closed.next_step) == ("not_in_channel", "Invite the bot there with `/invite @Swarmbot`.")
    world.slack.closed = {}
    world.pass_time(CLOSED_PAUSE_S + 1, step=5)
    assert world.slack.texts("C0PROD") == ["✓ joined"]
    assert world.outbox.channel_problem("C0PROD") is None


def test_a_message_that_is_given_up(world: World, queue: Queue) -> None:
    """The audit log and the job say so."""
    job_id = admitted(queue)
    job = queue.get(job_id)
    assert job
    world.slack.failing = AWAY
    world.promise(answer(world, job.order))
    world.pass_time(MAX_AGE_S + MAX_PAUSE_S + 1, step=600)
    assert world.outbox.backlog().count == 0
    entry = world.audit.query()[0]
    assert (entry.action, entry.job, entry.detail) == (
        "message not delivered",
        job_id,
        "Slack did not accept it for 24 hours",
    )
    found = queue.get(job_id)
    assert found
    assert found.untold == "Slack did not accept it for 24 hours"


def test_too_many_messages(world: World, asked: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are given up."""
    monkeypatch.setattr(module, "MAX_MESSAGES", 3)
    world.slack.failing = AWAY
    for number in range(5):
        world.clock.at += 0.1
        world.promise(answer(world, asked, str(number), name=str(number)))
    world.workers[1].run_once()
    world.slack.failing = None
    world.pass_time(MAX_PAUSE_S + 1)
    assert sorted(text for _, text in world.slack.seen) == ["2", "3", "4"]
    assert len([entry for entry in world.audit.query() if entry.action == "message not delivered"]) == 2
