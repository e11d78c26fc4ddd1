"""A moment that is over, as people write it: `2d` ago, `2026-12-24`, `2026-12-24T08:00`, `18:00`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.text.durations import LONGEST_WEEKS, read_duration

_OF_DAY: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LAST_INSTANT: Final = timedelta(days=1, milliseconds=-1)


def read_past(text: str, now: float, *, end: bool = False) -> float | None:
    """Unix seconds of what ``text`` means at ``now``; None when it is no moment.

    A duration counts back from ``now``; a time of day is the last one; a date alone is its beginning, or with ``end``
    its last instant. Without an offset of their own all are UTC.
    """
    length = read_duration(text)
    if length is not None:
        return now - length if length <= timedelta(weeks=LONGEST_WEEKS).total_seconds() else None
    today = datetime.fromtimestamp(now, UTC)
    if match := _OF_DAY.fullmatch(text):
        then = today.replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)
        return (then if then <= today else then - timedelta(days=1)).timestamp()
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment + _LAST_INSTANT if end and _DATE.fullmatch(text) else moment).timestamp()
    except (ValueError, OverflowError):
        return None
