"""A message on its way to Slack, and which part of it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from bot.audit import Entry
from bot.blocks import Message, paragraphs
from bot.secrets.redact import redact
from bot.stored_json import from_json, to_json
from bot.text.suggest import without_middle

MAX_FOLDED_LINES: Final = 20
"""Replies that are sent as one have at most this many lines: the first and the last ones."""
_REPLY: Final = ":reply:"

Target = Literal["channel", "private", "shared"]
"""``channel``: a message in a channel, edited when it changes. ``private``: seen by the requester alone. ``shared``: an
answer that everybody in the requester's channel sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What a message says now. Each later one with the same id replaces it: in Redis, and in Slack by an edit."""

    id: str
    target: Target
    message: Message
    """Holds no secret."""
    about: Entry
    """The audit entry if it is given up, without its detail: it names the job and what was ordered."""
    made_at: float
    """Unix seconds. A message that is sent late says so."""
    channel: str
    """Where it is posted; for a private message, where the question was asked."""
    user: str
    """The requester."""
    response_url: str = ""
    replace: bool = False
    """It replaces the message whose button was pressed."""
    asked_in: str = ""
    """Where the requester is notified that ``channel`` cannot be posted to."""
    hint: str = ""
    """What to do until then."""
    promised: bool = True
    """Whether it must arrive. Other messages, like the progress of a job, are sent less often, and only the newest."""
    if_there: bool = False
    """It is promised only if a message with this id is there to edit."""
    reply_to: str = ""
    """The id of a message in the same channel, in whose thread it is posted. It is not edited then.

    Its own id is a :func:`reply_id`. Replies are posted in the order of their ids; those that wait together become one.
    """
    alone: bool = False
    """Whether a reply is never put together with others: it is long, and nothing of it may be left out."""
    thread: str = ""
    """The ts of a message in the same channel, in whose thread it is posted, and edited."""
    broadcast: bool = False
    """Whether a reply is shown in the channel too."""
    secret: str = ""
    """What is sent instead of ``message``, by the name that :class:`~bot.outbox.deliverer.Deliverer` reads it again."""
    first: Entry | None = None
    """An audit entry to write when the message was posted for the first time."""

    @property
    def job(self) -> str:
        """The job that it is about."""
        return self.about.job

    def stored(self) -> str:
        """Return it as JSON. What looks like a secret is masked. Raise ValueError for a Secret in it."""
        return redact(to_json(self))

    def without_secret(self) -> Outgoing:
        """Return what is sent if the secret is not."""
        return replace(self, secret="")


def restored(body: str) -> Outgoing:
    """Return what :meth:`Outgoing.stored` wrote."""
    return from_json(Outgoing, body)


def reply_id(parent: str, at: float, place: int) -> str:
    """Return the id of a reply to a message that is made at ``at`` (unix seconds), as the ``place``-th at that time."""
    return f"{parent}{_REPLY}{at * 1000:015.0f}:{place:03}"


def replies_to(parent: str) -> str:
    """Return how the ids of all replies to a message begin."""
    return f"{parent}{_REPLY}"


def parent_of(message_id: str) -> str:
    """Return the id of the message that this one replies to; "" if it is no reply."""
    parent, is_reply, _ = message_id.partition(_REPLY)
    return parent if is_reply else ""


def folded(replies: Sequence[Outgoing]) -> Outgoing:
    """Return replies to one message, in order, as one: the last one, with the lines of all."""
    *_, last = replies
    if len(replies) == 1:
        return last
    texts = [line for each in replies for line in each.message.text.split("\n")]
    lines = without_middle(texts, MAX_FOLDED_LINES, "line")
    message = Message("\n".join(lines), tuple(paragraphs(lines)))
    return replace(last, message=message, broadcast=any(each.broadcast for each in replies))
