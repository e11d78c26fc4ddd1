"""The kind of word that names a moment that is over."""

from __future__ import annotations

from typing import Any, Final

from bot.blocks import tick
from bot.commands.kinds import Kind, Vocabulary
from bot.errors import NotUnderstood
from bot.text.timespec import read_past

FAR: Final = 4e9
"""A moment from which any length of time can be counted back."""


def _past(text: str, _: Vocabulary) -> list[Any]:
    if read_past(text, FAR) is None:
        raise NotUnderstood(
            f"{tick(text)} is no moment that is over.",
            next_step="Write how long ago, like `2d`, or `2026-12-24`, `2026-12-24T08:00+01:00`, `18:00` (UTC).",
        )
    return [text]


PAST: Final = Kind("WHEN", _past)
"""A moment, left as it is written: only who carries a command out has a clock."""
