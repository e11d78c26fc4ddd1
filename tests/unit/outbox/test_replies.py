"""Replies in the thread of another message that the outbox holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.audit import Entry
from bot.blocks import text_message
from bot.outbox.deliverer import Ready
from bot.outbox.outgoing import MAX_FOLDED_LINES, Outgoing, reply_id
from bot.queue.job import Order
from bot.store import keys
from tests.kits.examples import examples
from tests.unit.outbox.world import AWAY, World, shown


def reply(world: World, to: str, text: str, place: int = 0) -> Outgoing:
    """A reply that is made now, the ``place``-th."""
    return Outgoing(
        id=reply_id(to, world.clock.at, place),
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


def test_replies_that_wait_for_slack_become_one(world: World, asked: Order) -> None:
    """In order, in one message below the parent as it is in the end; a later one is a message of its own."""
    parent = shown(world, asked, "host-4 is down")
    world.slack.failing = AWAY
    world.promise(parent)
    for number in range(1, 4):
        world.promise(reply(world, parent.id, f"note {number}"))
        world.pass_time(7)
    world.promise(replace(parent, message=text_message("host-4 is back")))
    world.slack.failing = None
    world.pass_time(60)
    world.promise(reply(world, parent.id, "note 4"))
    world.pass_time(5)
    assert world.slack.texts("C0PROD") == ["host-4 is back"]
    assert world.slack.texts("C0PROD/1.0") == ["note 1\nnote 2\nnote 3", "note 4"]
    assert world.outbox.backlog().count == 0


def test_of_many_replies_the_first_and_the_last_lines_are_sent(world: World, asked: Order) -> None:
    """Twenty lines say what began and how it ended."""
    parent = shown(world, asked, "host-4 is down")
    world.slack.failing = AWAY
    world.promise(parent)
    for number in range(1, 61):
        world.promise(reply(world, parent.id, f"note {number}", number))
    world.slack.failing = None
    world.pass_time(60)
    [text] = world.slack.texts("C0PROD/1.0")
    lines = text.split("\n")
    assert (lines[0], lines[-1], len(lines)) == ("note 1", "note 60", MAX_FOLDED_LINES)
    assert "… 41 more lines …" in lines


def test_no_reply_overtakes_an_earlier_one(world: World, asked: Order) -> None:
    """While one worker posts a reply, the next one waits, whichever worker made it."""
    parent = shown(world, asked, "host-4 is down")
    world.promise(parent)
    first, second = reply(world, parent.id, "first", 1), reply(world, parent.id, "second", 2)

    def meanwhile() -> None:
        world.outbox.put(second)
        world.workers[1].send([Ready(second)])
        assert world.slack.texts("C0PROD/1.0") == []

    world.slack.during = meanwhile
    world.promise(first)
    world.pass_time(5)
    assert world.slack.texts("C0PROD/1.0") == ["first", "second"]


Act = Literal["note by one", "note by two", "note by nobody", "edit", "away", "back", "a second", "a minute"]


@given(st.lists(st.sampled_from(get_args(Act)), max_size=MAX_FOLDED_LINES))
@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_reply_is_posted_once_and_in_order(world: World, asked: Order, acts: list[Act]) -> None:
    """The order holds for any worker that promises it, however often Slack is away."""
    world.redis.flushdb()
    world.slack.failing, world.slack.seen, made = None, [], 0
    parent = replace(shown(world, asked, "host-4 is down"), id=f"incident:{world.clock.at}")
    world.promise(parent)
    for act in acts:
        if act == "edit":
            world.promise(replace(parent, made_at=world.clock.at))
        elif act in {"away", "back"}:
            world.slack.failing = AWAY if act == "away" else None
        elif act.startswith("a "):
            world.pass_time(1 if act == "a second" else 60, step=1 if act == "a second" else 15)
        else:
            made += 1
            note = reply(world, parent.id, f"note {made}", made)
            world.outbox.put(note)
            if act != "note by nobody":
                world.workers[act == "note by two"].send([Ready(note)])
    world.slack.failing = None
    world.pass_time(120, step=5)
    texts = [text for place, text in world.slack.seen if "/" in place]
    assert "\n".join(texts) == "\n".join(f"note {number}" for number in range(1, made + 1))
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
