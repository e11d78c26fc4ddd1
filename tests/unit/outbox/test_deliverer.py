"""What was promised arrives once Slack is back, in order, once, and secrets are never stored."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from redis import Redis

from bot.audit import Audit, Entry
from bot.blocks import Message, code, section, text_message
from bot.errors import Failed
from bot.outbox import deliverer as module
from bot.outbox.deliverer import CLOSED_PAUSE_S, MAX_AGE_S, MAX_PAUSE_S, SECRET_MAX_AGE_S, Deliverer, Ready
from bot.outbox.outbox import HANDOVER_S, PROGRESS_INTERVAL_S, Outbox
from bot.outbox.outgoing import Outgoing
from bot.queue.end_messages import card, card_id, private, shared
from bot.queue.job import Order
from bot.queue.lease import LeaseLost
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.slack.outbound.notifier import Undelivered
from bot.store import keys
from tests.kits.jobs import admitted, order, taken
from tests.kits.outbox import Clock, FakeSlack, Inline

AWAY = Undelivered("no answer: URLError", "the requester")
TOKEN = "SWMTKN-1-abc-def"  # noqa: S105 - it is not a real one


class World:
    """Two workers with one Redis, one Slack and one clock."""

    def __init__(self, redis: Redis, audit: Audit) -> None:
        self.redis = redis
        self.audit = audit
        self.clock = Clock()
        self.slack = FakeSlack()
        self.outbox = Outbox(redis, audit, self.clock)
        self.token = Secret(TOKEN)
        self.readable = True
        self.workers = [
            Deliverer(self.outbox, self.slack, self.read, Inline(), worker=name, now=self.clock)
            for name in ("one", "two")
        ]

    def read(self, _: Outgoing) -> Message:
        """Read the secret again."""
        if not self.readable:
            raise Failed("No manager responds.")
        return Message("The token.", (code(self.token),))

    def promise(self, outgoing: Outgoing, secret: Message | None = None, *, send: bool = True) -> None:
        """Promise a message; the first worker sends it, unless it dies before."""
        self.outbox.put(outgoing)
        if send:
            self.workers[0].send([Ready(outgoing, secret)])

    def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass; both workers take turns."""
        end = self.clock.at + seconds
        while self.clock.at < end:
            self.clock.at += step
            for worker in self.workers:
                worker.turn()

    def claim_expires(self, message_id: str) -> None:
        """Let the running attempt's time be over: Redis' clock cannot be set."""
        self.redis.hset(keys.outgoing(message_id), "claimed_until", "0")


@pytest.fixture
def world(client: Redis, audit: Audit) -> World:
    """An empty outbox."""
    return World(client, audit)


@pytest.fixture
def asked(world: World) -> Order:
    """An order of U0ASKER."""
    return replace(order(words="status"), asked_at=world.clock.at)


def answer(world: World, asked: Order, text: str = "prod is healthy", name: str = "answer") -> Outgoing:
    """An answer that is made now."""
    return replace(private(asked, text_message(text), name=name), made_at=world.clock.at)


def shown(world: World, asked: Order, text: str, *, promised: bool = True) -> Outgoing:
    """The card of a job as it is now."""
    made = card(asked, "C0PROD", Message(text, (section(text),)), promised=promised)
    return replace(made, made_at=world.clock.at)


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
    world.workers[1].turn()
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


def token_answer(world: World, asked: Order) -> tuple[Outgoing, Message]:
    """An answer with a token, made now."""
    instead = private(asked, text_message("Nothing was shown."), secret="answer")  # noqa: S106 - a name
    return replace(instead, made_at=world.clock.at), Message("The token.", (code(Secret(TOKEN)),))


def test_a_secret_is_not_stored_and_is_read_again(world: World, asked: Order) -> None:
    """After an outage the requester gets the token as it is now."""
    world.slack.failing = AWAY
    world.promise(*token_answer(world, asked))
    dumped = str([world.redis.hgetall(key) for key in world.redis.scan_iter("swarmbot:*:outgoing:*")])
    assert "Nothing was shown." in dumped
    assert TOKEN not in dumped
    world.token = Secret("SWMTKN-1-new-one")
    world.pass_time(30)
    world.slack.failing = None
    world.pass_time(MAX_PAUSE_S + 1)
    assert [each.blocks for each in world.slack.messages] == [(code(Secret("SWMTKN-1-new-one")),)]


@pytest.mark.parametrize("why", ["too late", "unreadable"])
def test_a_secret_that_cannot_be_shown_any_more(world: World, asked: Order, why: str) -> None:
    """The requester sees that nothing was shown."""
    world.slack.failing = AWAY
    world.promise(*token_answer(world, asked))
    world.pass_time(SECRET_MAX_AGE_S + 1 if why == "too late" else 20, step=5)
    world.readable = why == "too late"
    world.slack.failing = None
    world.pass_time(2 * MAX_PAUSE_S + 2)
    assert [text for _, text in world.slack.seen] == ["Nothing was shown."]


def test_a_secret_never_goes_where_it_is_kept(world: World, asked: Order) -> None:
    """Slack refuses the private message for good: the requester is told, without the secret."""
    world.slack.no_hook = True
    world.slack.during = lambda: setattr(world.slack, "closed", {"U0ASKER": "user_not_in_channel"})
    world.promise(*token_answer(world, asked))
    world.slack.closed = {}
    world.pass_time(5)
    assert [text for _, text in world.slack.seen] == ["Nothing was shown."]


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
    world.workers[1].turn()
    world.slack.failing = None
    world.pass_time(MAX_PAUSE_S + 1)
    assert sorted(text for _, text in world.slack.seen) == ["2", "3", "4"]
    assert len([entry for entry in world.audit.query() if entry.action == "message not delivered"]) == 2


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
    world.workers[0].turn()
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
