"""A moment to come, as people write it: `18:00`, `2026-12-24T08:00`, `4h`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.blocks import tick
from bot.commands.kinds import Kind, Vocabulary
from bot.errors import NotUnderstood
from bot.text.durations import LONGEST_WEEKS, read_duration

_OF_DAY: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def read_moment(text: str, now: float) -> float | None:
    """Unix seconds of what ``text`` means at ``now``; None when it is no moment.

    A duration counts from ``now``; a time of day is the next one; a date alone is its beginning. Without an offset of
    their own all are UTC. What it means may be over.
    """
    length = read_duration(text)
    if length is not None:
        return now + length if length <= timedelta(weeks=LONGEST_WEEKS).total_seconds() else None
    if match := _OF_DAY.fullmatch(text):
        then = datetime.fromtimestamp(now, UTC).replace(
            hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0
        )
        return (then if then.timestamp() > now else then + timedelta(days=1)).timestamp()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _moment(text: str, _: Vocabulary) -> list[Any]:
    if read_moment(text, 0.0) is None:
        raise NotUnderstood(
            f"{tick(text)} is no moment.", next_step="Write `18:00` (UTC), `2026-12-24T08:00+01:00`, or how long: `4h`."
        )
    return [text]


MOMENT: Final = Kind("WHEN", _moment)
"""A moment, left as it is written: only who carries a command out has a clock."""
