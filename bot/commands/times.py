"""The kinds of word that name a point in time. The text is kept as typed: only the code that runs it has a clock."""

from __future__ import annotations

from typing import Any, Final

from bot.blocks import echo
from bot.commands.kinds import Kind, Vocabulary
from bot.errors import NotUnderstood
from bot.text.timespec import read_future, read_past

_FAR_FUTURE: Final = 4e9
"""Unix seconds (year 2096), from which every valid duration can be counted back."""


def _past(text: str, _: Vocabulary) -> list[Any]:
    if read_past(text, _FAR_FUTURE) is None:
        raise not_a_time(text, "Try `2d` (ago), `2026-12-24`, `2026-12-24T08:00+01:00` or `18:00` (UTC).")
    return [text]


def _future(text: str, _: Vocabulary) -> list[Any]:
    if read_future(text, 0.0) is None:
        raise not_a_time(text, "Try `4h`, `18:00` (UTC) or `2026-12-24T08:00+01:00`.")
    return [text]


def not_a_time(text: str, next_step: str) -> NotUnderstood:
    """Return the error for a text that is not a time."""
    return NotUnderstood(f"I can't read {echo(text)} as a time.", next_step=next_step)


PAST: Final = Kind("WHEN", _past)
FUTURE: Final = Kind("WHEN", _future)
