"""The steps of a job in the thread of its card: after the card, in full, once, by any worker."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.blocks import Message, limits
from bot.execution.step_details import MAX_PAGE_CHARS, step_details
from bot.outbox.outgoing import Outgoing, reply_id
from bot.queue.end_messages import card
from bot.queue.job import Order
from bot.slack.outbound.payload import payload
from tests.unit.outbox.world import AWAY, TOKEN, World, shown

LINES = [f"✓ `host-{number}` joined prod as a worker · 08:00:00 · 0.9 s" for number in range(12)]
THREAD = "C0PROD/1.0"


@pytest.fixture(autouse=True)
def _one_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", world.clock)


def made(order: Order, lines: list[str]) -> list[Outgoing]:
    """The details of a job that ends now."""
    return step_details(order, "C0PROD", lines)


def sent_lines(messages: list[Message]) -> list[str]:
    """What Slack gets of them, without the titles."""
    sections = [payload(each, plain=False)["blocks"] for each in messages]
    assert all(len(blocks) <= limits.MAX_BLOCKS for blocks in sections)
    texts = ["\n".join(block["text"]["text"] for block in blocks if block["type"] == "section") for blocks in sections]
    return [line for text in texts for line in text.split("\n")[1:]]


def test_no_lines_are_no_message(asked: Order) -> None:
    """A card that says everything has no thread."""
    assert made(asked, []) == []


@pytest.mark.parametrize("dies", [False, True], ids=["its worker sends it", "another worker sends it"])
def test_they_follow_the_card_once(world: World, asked: Order, *, dies: bool) -> None:
    """Promised with the card, while Slack is away. The worker that promised them may be killed just then."""
    [details] = made(asked, LINES)
    world.slack.failing = AWAY
    world.promise(shown(world, asked, "12 workers joined prod"), send=not dies)
    world.promise(details, send=False)
    world.pass_time(5)
    world.slack.failing = None
    world.pass_time(60)
    assert [place for place, _ in world.slack.seen] == ["C0PROD", THREAD]
    assert sent_lines(world.slack.messages[1:]) == LINES
    assert world.outbox.backlog().count == 0


def test_they_are_not_put_together_with_other_replies(world: World, asked: Order) -> None:
    """Only some lines of replies that wait together are sent. These replies are all sent, in their order."""
    world.promise(shown(world, asked, "cleo asks to join 400 workers"))
    world.slack.failing = AWAY
    parent = shown(world, asked, "").id
    reminder = card(asked, "C0PROD", Message("A reminder", ()))
    for at in (world.clock.at - 2, world.clock.at - 1):
        note = replace(reminder, id=reply_id(parent, at, 0), reply_to=parent, made_at=world.clock.at)
        world.promise(note, send=False)
    lines = [f"✓ `host-{number}` joined prod as a worker" for number in range(600)]
    pages = made(asked, lines)
    for page in pages:
        world.promise(page, send=False)
    world.pass_time(20)
    world.slack.failing = None
    world.pass_time(60)
    assert world.slack.texts(THREAD)[0] == "A reminder\nA reminder"
    titles = [text.partition("*: ")[0] for text in world.slack.texts(THREAD)[1:]]
    assert titles == [f"*All steps of job `{asked.id}`, part {part} of 3" for part in (1, 2, 3)]
    assert sent_lines(world.slack.messages[2:]) == lines
    assert world.outbox.backlog().count == 0


def test_a_line_of_any_length_is_sent_whole(asked: Order) -> None:
    """It continues in the next paragraph, and in the next message."""
    words = [f"reason-{number}" for number in range(3000)]
    pages = made(asked, [" ".join(words), "✓ the last step"])
    assert all(len(each.message.blocks) <= limits.MAX_BLOCKS for each in pages)
    told = sent_lines([each.message for each in pages])
    assert " ".join(told[:-1]).split() == words
    assert told[-1] == "✓ the last step"
    assert max(sum(map(len, sent_lines([each.message]))) for each in pages) <= MAX_PAGE_CHARS


def test_no_secret_is_in_them(world: World, asked: Order) -> None:
    """What looks like one is masked before it is stored."""
    [details] = made(asked, [*LINES, f"✗ the engine said: {TOKEN}"])
    world.promise(shown(world, asked, "failed"))
    world.promise(details, send=False)
    world.pass_time(5)
    assert len(sent_lines(world.slack.messages[1:])) == len(LINES) + 1
    assert TOKEN not in str(world.slack.messages)


def test_nobody_is_shown_them_in_private(world: World, asked: Order) -> None:
    """If the channel is closed, the requester gets the card, which names the command that shows all steps."""
    world.promise(shown(world, asked, "running"))
    world.slack.closed["C0PROD"] = "is_archived"
    [details] = made(asked, LINES)
    world.promise(shown(world, asked, "ended"))
    world.promise(details, send=False)
    world.pass_time(130)
    assert len(world.slack.texts("hook")) == 1
    del world.slack.closed["C0PROD"]
    world.pass_time(130)
    assert len(world.slack.texts(THREAD)) == 1
