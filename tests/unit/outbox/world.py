"""Two workers with one outbox, a Slack with faults, and a clock that the test moves."""

from __future__ import annotations

from dataclasses import replace

from redis import Redis

from bot.audit import Audit
from bot.blocks import Message, code, section, text_message
from bot.errors import Failed
from bot.outbox.deliverer import Deliverer, Ready
from bot.outbox.outbox import Outbox
from bot.outbox.outgoing import Outgoing
from bot.queue.end_messages import card, private
from bot.queue.job import Order
from bot.secrets.secret import Secret
from bot.slack.outbound.notifier import Undelivered
from bot.store import keys
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
                worker.run_once()

    def claim_expires(self, message_id: str) -> None:
        """Let the running attempt's time be over: Redis' clock cannot be set."""
        self.redis.hset(keys.outgoing(message_id), "claimed_until", "0")


def answer(world: World, asked: Order, text: str = "prod is healthy", name: str = "answer") -> Outgoing:
    """An answer that is made now."""
    return replace(private(asked, text_message(text), name=name), made_at=world.clock.at)


def shown(world: World, asked: Order, text: str, *, promised: bool = True) -> Outgoing:
    """The card of a job as it is now."""
    made = card(asked, "C0PROD", Message(text, (section(text),)), promised=promised)
    return replace(made, made_at=world.clock.at)


def token_answer(world: World, asked: Order) -> tuple[Outgoing, Message]:
    """An answer with a token, made now."""
    instead = private(asked, text_message("Nothing was shown."), secret="answer")  # noqa: S106 - a name
    return replace(instead, made_at=world.clock.at), Message("The token.", (code(Secret(TOKEN)),))
