"""Replies in the thread of another message that the outbox holds."""

from __future__ import annotations

from dataclasses import replace

from bot.audit import Entry
from bot.blocks import text_message
from bot.outbox.outgoing import Outgoing
from bot.queue.job import Order
from bot.store import keys
from tests.unit.outbox.world import AWAY, World, shown


def reply(world: World, to: str, text: str) -> Outgoing:
    """A reply that is made now."""
    return Outgoing(
        id=f"{to}:{text}",
        target="channel",
        message=text_message(text),
        about=Entry("", "watch"),
        made_at=world.clock.at,
        channel="C0PROD",
        user="",
        reply_to=to,
    )


def test_a_reply_waits_for_its_message_and_is_posted_once(world: World, asked: Order) -> None:
    """Slack is away when both are promised: the reply comes after the message, in its thread."""
    world.slack.failing = AWAY
    parent = shown(world, asked, "host-4 is down")
    world.promise(parent)
    world.promise(reply(world, parent.id, "a note"))
    world.pass_time(5)
    world.slack.failing = None
    world.pass_time(60)
    assert [place for place, _ in world.slack.seen] == ["C0PROD", "C0PROD/1.0"]
    assert world.outbox.backlog().count == 0


def test_an_edit_leaves_replies_where_they_are(world: World, asked: Order) -> None:
    """The message keeps its ts, so later replies are in the same thread."""
    parent = shown(world, asked, "host-4 is down")
    world.promise(parent)
    world.promise(replace(parent, message=text_message("host-4 is back")))
    world.promise(reply(world, parent.id, "a note"))
    world.pass_time(5)
    assert world.slack.seen[-1] == ("C0PROD/1.0", "a note")
    assert world.slack.cards == {"1.0": "host-4 is back"}


def test_a_reply_to_a_message_that_is_gone_is_given_up(world: World) -> None:
    """The audit log says so, and nothing is left."""
    lost = reply(world, "incident:prod:3f2a:1", "a note")
    world.promise(lost)
    world.pass_time(5)
    assert world.slack.seen == []
    assert not world.redis.exists(keys.outgoing(lost.id))
    assert [entry.action for entry in world.audit.query()] == ["message not delivered"]
