"""An outbox whose messages are sent in the thread that promises them, and a Slack whose clock is driven."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from bot.audit import Audit
from bot.blocks import Message
from bot.errors import Failed
from bot.outbox.deliverer import Deliverer, Reread
from bot.outbox.outbox import Outbox
from bot.outbox.outgoing import Outgoing
from bot.queue.end_messages import card_id
from bot.queue.job import Order
from bot.slack.outbound.notifier import Notifier, Undelivered
from bot.store import keys


class Inline(Executor):
    """Runs what is submitted at once, in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def nothing_to_read(_: Outgoing) -> Message:
    """There is no secret to read again."""
    raise Failed("The secret cannot be read.")


def deliverer_of(redis: Redis, audit: Audit, notifier: Notifier, reread: Reread = nothing_to_read) -> Deliverer:
    """Return a deliverer of the outbox in ``redis`` that sends by ``notifier``."""
    return Deliverer(Outbox(redis, audit), notifier, reread, Inline(), worker="one")


def due_at_once(redis: Redis) -> None:
    """Make every message due now."""
    ids: Any = redis.zrange(keys.OUTBOX, 0, -1)
    for message_id in ids:
        redis.zadd(keys.OUTBOX, {message_id: 0})


def card_ts(redis: Redis, order: Order) -> str:
    """Return the ts of a job's card in its channel; "" if it was not posted yet."""
    found: Any = redis.hget(keys.outgoing(card_id(order)), "ts")
    return found or ""


@dataclass
class Clock:
    """A clock that a test moves."""

    at: float = 1_800_000_000.0

    def __call__(self) -> float:
        """Return unix seconds."""
        return self.at


@dataclass
class FakeSlack(Notifier):
    """Takes messages, unless a fault is set. ``seen`` is what people saw, in order: (place, text)."""

    failing: Undelivered | None = None
    """What every call raises."""
    closed: dict[str, str] = field(default_factory=dict)
    """Channels that cannot be posted to, with Slack's error code."""
    no_hook: bool = False
    """Whether response_urls are used up."""
    during: Callable[[], None] = lambda: None
    """Happens while a call is on its way, before Slack has it."""
    seen: list[tuple[str, str]] = field(default_factory=list)
    cards: dict[str, str] = field(default_factory=dict)
    """The messages of channels by ts."""
    messages: list[Message] = field(default_factory=list)
    """What was sent, in order."""

    def post(self, channel: str, message: Message, *, thread: str = "", broadcast: bool = False) -> str:
        """Post in a channel or in a thread of it, or directly to a person."""
        del broadcast
        self._happen(channel)
        ts = f"{len(self.seen) + 1}.0"
        self._show(f"{channel}/{thread}" if thread else channel, message)
        if channel.startswith("C") and not thread:
            self.cards[ts] = message.text
        return ts

    def update(self, channel: str, ts: str, message: Message, *, thread: str = "") -> str:
        """Edit a message."""
        del thread
        self._happen(channel)
        self._show(channel, message)
        self.cards[ts] = message.text
        return ts

    def delete(self, channel: str, ts: str) -> None:
        """Delete a message."""
        self._happen(channel)
        del self.cards[ts]

    def answer(self, response_url: str, message: Message, *, replace: bool = False, in_channel: bool = False) -> None:
        """Answer by a response_url."""
        del replace, in_channel
        self._happen("hook")
        if self.no_hook or not response_url:
            raise Undelivered("used_url", "the requester")
        self._show("hook", message)

    def tell(self, user: str, channel: str, message: Message) -> None:
        """Show one person a message."""
        del channel
        self._happen(user)
        self._show(user, message)

    def texts(self, place: str) -> list[str]:
        """Return what was seen in one place."""
        return [text for where, text in self.seen if where == place]

    def _show(self, place: str, message: Message) -> None:
        self.seen.append((place, message.text))
        self.messages.append(message)

    def _happen(self, place: str) -> None:
        happens, self.during = self.during, lambda: None
        happens()
        if self.failing:
            raise self.failing
        if place in self.closed:
            raise Undelivered(self.closed[place], place)


def untried(redis: Redis) -> int:
    """Return how many messages of the outbox wait for their first attempt."""
    ids: Any = redis.zrange(keys.OUTBOX, 0, -1)
    return sum(not redis.hexists(keys.outgoing(each), "tries") for each in ids)
