"""The messages that people are promised about a job: its answer, its card, its cancellation."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from bot.blocks import WARNING, Message, order_text, text_message, tick, user
from bot.outbox.outgoing import Outgoing, Target
from bot.queue.job import Order

ANSWER: Final = "answer"
CARD: Final = "card"


def private(order: Order, message: Message, *, name: str = ANSWER, secret: str = "") -> Outgoing:
    """Return a message for the requester alone. A later one with the same ``name`` replaces it until it is sent.

    What was asked in a message is answered in its thread, where a later one with the same ``name`` edits it. With
    ``secret``, the message is for the requester alone in any case, and ``message`` is what is sent if the secret of
    that name cannot be shown.
    """
    if order.thread and not secret:
        found = _outgoing(order, name, "channel", message)
        return replace(found, response_url="", thread=order.thread, asked_in=order.channel)
    return replace(_outgoing(order, name, "private", message), replace=order.replace, secret=secret)


def shared(order: Order, message: Message) -> Outgoing:
    """Return an answer for everybody in the channel where it was asked."""
    return _outgoing(order, "shared", "shared", message)


def card(order: Order, channel: str, message: Message, *, promised: bool = True) -> Outgoing:
    """Return the job's message in ``channel``, which is posted once and edited from then on."""
    return replace(
        _outgoing(order, CARD, "channel", message),
        about=order.audit_entry("", "", channel=channel),
        channel=channel,
        asked_in=order.channel,
        promised=promised,
    )


def card_id(order: Order) -> str:
    """Return the id of :func:`card`."""
    return _id(order, CARD)


def shown_privately(person: str) -> Message:
    """Return what a thread says of an answer that is not for everybody who reads it."""
    return text_message(f"The answer is private: only {user(person)} sees it, in this channel.")


def cancelled_message(order: Order, by: str) -> Outgoing:
    """Return what the requester is told when somebody else cancels the job before it starts."""
    where = f" in {order.cluster}" if order.cluster else ""
    words = f"{order_text(order.words)}{where} · {tick(order.id)}"
    text = f"{WARNING} {words}: *cancelled* by {user(by)} before it started. Nothing was changed."
    return private(order, text_message(text), name="cancelled")


def _outgoing(order: Order, name: str, target: Target, message: Message) -> Outgoing:
    return Outgoing(
        id=_id(order, name),
        target=target,
        message=message,
        about=order.audit_entry("", ""),
        made_at=time.time(),
        channel=order.channel,
        user=order.requester,
        response_url=order.response_url,
    )


def _id(order: Order, name: str) -> str:
    """Return an id that no other job's messages have: a job's id is used again when the job was deleted."""
    return f"{order.id}:{order.asked_at:.0f}:{name}"
