"""The steps of a job that has ended, in the thread of its card: all of them in full, with their times."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Final

from bot.blocks import Message, limits, paragraphs, tick
from bot.outbox.outgoing import Outgoing, reply_id
from bot.queue.end_messages import card, card_id
from bot.queue.job import Order

MAX_PAGE_CHARS: Final = 10_000
"""The size of one message. Slack documents the length of a section and the number of sections, but not the total."""


def step_details(order: Order, channel: str, lines: Sequence[str]) -> list[Outgoing]:
    """Return the messages with these lines, in order: one, or as many as Slack's limits need. None without lines.

    They have no person to show them to if the channel is closed: the card's copy names the command that shows all.
    """
    pages = _pages(lines)
    parent, now = card_id(order), time.time()
    return [
        replace(
            card(order, channel, _message(order, page, f"{number} of {len(pages)}" if len(pages) > 1 else "")),
            id=reply_id(parent, now, number),
            reply_to=parent,
            alone=True,
            user="",
        )
        for number, page in enumerate(pages, 1)
    ]


def _message(order: Order, page: Sequence[str], place: str) -> Message:
    part = f", part {place}" if place else ""
    title = f"*All steps of job {tick(order.id)}{part}*: when each began, and how long it took"
    return Message(title, tuple(paragraphs([title, *page])))


def _pages(lines: Sequence[str]) -> list[list[str]]:
    pages: list[list[str]] = []
    room = 0
    for line in lines:
        for piece in wrap(line, limits.SECTION_CHARS, replace_whitespace=False) if _is_long(line) else [line]:
            if len(piece) + 1 > room:
                pages.append([])
                room = MAX_PAGE_CHARS
            pages[-1].append(piece)
            room -= len(piece) + 1
    return pages


def _is_long(line: str) -> bool:
    return len(line) > limits.SECTION_CHARS
