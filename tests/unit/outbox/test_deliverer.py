"""What was promised arrives once Slack is back, in order, and once."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from bot.audit import Entry
from bot.blocks import text_message
from bot.outbox.deliverer import MAX_PAUSE_S, Ready
from bot.outbox.outbox import HANDOVER_S, PROGRESS_INTERVAL_S
from bot.queue.end_messages import card_id, shared
from bot.queue.job import Order
from bot.queue.lease import LeaseLost
from bot.queue.queue import Queue
from bot.slack.outbound.notifier import Undelivered
from bot.store import keys
from tests.kits.jobs import admitted, taken
from tests.unit.outbox.world import AWAY, World, answer, shown


def test_a_message_is_sent_once(world: World, asked: Order) -> None:
    """Both workers look for what is due, and nothing is left."""
    world.promise(answer(world, asked))
    world.pass_time(60)
    assert world.slack.seen == [("hook", "prod is healthy")]
    assert world.outbox.backlog().count == 0
    assert not world.redis.exists(keys.outgoing(answer(world, asked).id))


@pytest.mark.parametrize(("seconds", "late"), [(2, False), (25, True), (140, True)])
def test_slack_is_away(world: World, asked: Order, seconds: float, late: bool) -> None:  # noqa: FBT001
    """An answer and a card arrive soon after Slack is back, each once, with the time at which they were true."""
    world.slack.failing = AWAY
    began = world.clock.at
    world.promise(answer(world, asked))
    world.promise(shown(world, asked, "✓ joined"))
    world.pass_time(seconds)
    assert world.slack.seen == []
    world.slack.failing = None
    world.pass_time(MAX_PAUSE_S + 1)
    answered = "U0ASKER" if late else "hook"  # after three attempts the response_url is not used any more
    assert sorted(world.slack.seen) == [("C0PROD", "✓ joined"), (answered, "prod is healthy")]
    assert [f"Sent late: this was true <!date^{began:.0f}^" in str(each.blocks) for each in world.slack.messages] == [
        late,
        late,
    ]
    world.pass_time(60)
    assert len(world.slack.seen) == 2


def test_a_response_url_is_used_again_after_a_short_outage(world: World, asked: Order) -> None:
    """It needs no membership of the channel."""
    world.slack.failing = AWAY
    world.promise(answer(world, asked))
    world.slack.failing = None
    world.pass_time(5)
    assert world.slack.seen == [("hook", "prod is healthy")]


def test_slack_asks_to_wait(world: World, asked: Order) -> None:
    """Retry-After is kept, and the message arrives then."""
    world.slack.failing = Undelivered("ratelimited", "channel", retry_after_s=60)
    world.promise(shown(world, asked, "✓ joined"))
    world.slack.failing = None
    world.pass_time(59)
    assert world.slack.seen == []
    world.pass_time(2)
    assert world.slack.texts("C0PROD") == ["✓ joined"]


def test_the_worker_that_promised_it_dies(world: World, asked: Order) -> None:
    """The other one sends it after HANDOVER_S."""
    world.promise(answer(world, asked), send=False)
    world.workers[1].run_once()
    assert world.slack.seen == []
    world.pass_time(HANDOVER_S)
    assert world.slack.seen == [("hook", "prod is healthy")]


def test_the_worker_dies_while_it_sends(world: World, asked: Order) -> None:
    """The other one waits for the end of the claim, then sends it."""
    message = answer(world, asked)
    world.outbox.put(message)
    assert world.outbox.claim(message.id)
    world.pass_time(5)
    assert world.slack.seen == []
    world.claim_expires(message.id)
    world.pass_time(1)
    assert world.slack.seen == [("hook", "prod is healthy")]


def test_a_card_is_posted_then_edited(world: World, asked: Order) -> None:
    """While Slack is away, a newer state replaces the older ones; there is one message."""
    world.promise(shown(world, asked, "1", promised=False))
    world.slack.failing = AWAY
    world.promise(shown(world, asked, "2", promised=False))
    world.pass_time(20)
    world.promise(shown(world, asked, "3"))
    world.slack.failing = None
    world.pass_time(20)
    assert world.slack.texts("C0PROD") == ["1", "3"]
    assert list(world.slack.cards.values()) == ["3"]


def test_progress_is_not_sent_too_often(world: World, asked: Order) -> None:
    """Between two edits only the newest state is kept; the end does not wait."""
    world.promise(shown(world, asked, "0", promised=False))
    for number in range(1, 11):
        world.promise(shown(world, asked, str(number), promised=False), send=False)
        world.pass_time(0.1, step=0.1)
    assert world.slack.texts("C0PROD") == ["0"]
    world.pass_time(PROGRESS_INTERVAL_S, step=0.5)
    assert world.slack.texts("C0PROD") == ["0", "10"]
    world.promise(shown(world, asked, "11", promised=False), send=False)
    world.promise(shown(world, asked, "end"))
    assert world.slack.texts("C0PROD") == ["0", "10", "end"]


def test_a_state_that_comes_while_one_is_sent(world: World, asked: Order) -> None:
    """The newer one follows."""
    world.slack.during = lambda: world.promise(shown(world, asked, "end"))
    world.promise(shown(world, asked, "1", promised=False))
    world.pass_time(3)
    assert world.slack.texts("C0PROD") == ["1", "end"]


def test_an_early_answer_does_not_follow_the_answer(world: World, asked: Order) -> None:
    """Slack is away when "Still working on it" is due: only the answer is sent."""
    world.promise(replace(answer(world, asked, "Still working on it"), promised=False))
    world.slack.failing = AWAY
    world.promise(replace(answer(world, asked, "Still working on it"), promised=False))
    world.promise(answer(world, asked))
    world.slack.failing = None
    world.pass_time(10)
    assert [text for _, text in world.slack.seen] == ["Still working on it", "prod is healthy"]


def test_a_worker_that_stood_still_repairs_the_card(world: World, asked: Order) -> None:
    """It wakes after another worker has shown the end, and overwrites it: then the end is shown again."""
    world.promise(shown(world, asked, "1", promised=False))

    def stand_still() -> None:
        world.claim_expires(card_id(asked))
        world.outbox.put(shown(world, asked, "end"))
        world.workers[1].send([Ready(shown(world, asked, "end"))])

    world.clock.at += 2
    world.slack.during = stand_still
    world.promise(shown(world, asked, "2", promised=False))
    assert world.slack.texts("C0PROD") == ["1", "end", "2"]
    world.pass_time(2)
    assert world.slack.texts("C0PROD") == ["1", "end", "2", "end"]
    assert list(world.slack.cards.values()) == ["end"]


def test_a_worker_that_stood_still_posts_no_second_card(world: World, asked: Order) -> None:
    """Its message is deleted again, and the other worker's shows the end."""

    def stand_still() -> None:
        world.claim_expires(card_id(asked))
        world.outbox.put(shown(world, asked, "end"))
        world.workers[1].send([Ready(shown(world, asked, "end"))])

    world.slack.during = stand_still
    world.promise(shown(world, asked, "1", promised=False))
    world.pass_time(2)
    assert list(world.slack.cards.values()) == ["end"]


def test_a_stale_worker_promises_nothing(queue: Queue, world: World) -> None:
    """Redis refuses the progress and the end of a worker whose lease another one has."""
    admitted(queue)
    stale = taken(queue)
    fresh = queue.reclaim("two", "exclusive").lease
    assert fresh
    asked = stale.job.order
    with pytest.raises(LeaseLost):
        queue.show(stale, shown(world, asked, "1", promised=False))
    with pytest.raises(LeaseLost):
        queue.finish(stale, "succeeded", "{}", [], [answer(world, asked)])
    assert world.outbox.backlog().count == 0
    queue.finish(fresh, "succeeded", "{}", [], [answer(world, asked)])
    assert world.outbox.backlog().count == 1


def test_an_answer_for_everybody(world: World, asked: Order) -> None:
    """It is posted in the channel if the response_url is used up."""
    world.slack.no_hook = True
    world.promise(replace(shared(asked, text_message("prod is healthy")), made_at=world.clock.at))
    assert world.slack.seen == [("C0PROD", "prod is healthy")]


def test_the_first_post_is_written_to_the_audit_log(world: World, asked: Order) -> None:
    """When the card is in the channel, and once."""
    world.slack.failing = AWAY
    world.promise(replace(shown(world, asked, "1"), first=Entry("shown", "one")))
    assert world.audit.query() == []
    world.slack.failing = None
    world.pass_time(5)
    world.promise(replace(shown(world, asked, "2"), first=Entry("shown", "one")))
    world.pass_time(5)
    assert [entry.action for entry in world.audit.query()] == ["shown"]


@pytest.mark.parametrize("by", ["U0BEN", "U0ASKER"])
def test_a_waiting_job_is_cancelled(queue: Queue, world: World, by: str) -> None:
    """Its requester is told who did it, unless it was the requester."""
    job_id = admitted(queue)
    assert queue.cancel(job_id, by, [Entry("cancelled", by, job=job_id)]) == "cancelled"
    due = world.outbox.backlog()
    assert due.count == (by == "U0BEN")
    world.clock.at = time.time() + HANDOVER_S
    world.workers[0].run_once()
    expected = (
        f"! `/swarm join worker` in prod · `{job_id}`: *cancelled* by <@U0BEN> before it started. Nothing was changed."
    )
    assert [text for _, text in world.slack.seen] == [expected] * (by == "U0BEN")


def test_a_card_that_is_only_edited_if_it_is_there(world: World, asked: Order) -> None:
    """A job that fails before it has a card does not get one."""
    failed = replace(shown(world, asked, "✗ Failed"), if_there=True)
    world.promise(failed)
    assert world.slack.seen == []
    world.promise(shown(world, asked, "1", promised=False))
    world.promise(failed)
    assert list(world.slack.cards.values()) == ["✗ Failed"]
