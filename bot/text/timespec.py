"""Points in time as people write them: a duration (``4h``), a time of day (``18:00``), a date, or a date and time.

Times without a UTC offset of their own are UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.text.durations import MAX_DURATION_S, read_duration

_TIME_OF_DAY: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ONE_DAY: Final = timedelta(days=1)
_TO_END_OF_DAY: Final = timedelta(days=1, milliseconds=-1)


def read_past(text: str, now: float, *, end: bool = False) -> float | None:
    """Return the past time that ``text`` means at ``now``, both in unix seconds; None if ``text`` is not a time.

    A duration counts back from ``now``. A time of day is the most recent one. A date is its first instant, or with
    ``end`` its last. A date in the future is returned as it is.
    """
    length = read_duration(text)
    if length is not None:
        return now - length if length <= MAX_DURATION_S else None
    if then := _on_day_of(text, now):
        return (then if then.timestamp() <= now else then - _ONE_DAY).timestamp()
    moment = _read_datetime(text)
    if moment is None:
        return None
    return _unix_seconds(moment, _TO_END_OF_DAY if end and _DATE.fullmatch(text) else timedelta())


def read_future(text: str, now: float) -> float | None:
    """Return the future time that ``text`` means at ``now``, both in unix seconds; None if ``text`` is not a time.

    A duration counts from ``now``. A time of day is the next one. A date is its first instant. A date in the past is
    returned as it is.
    """
    length = read_duration(text)
    if length is not None:
        return now + length if length <= MAX_DURATION_S else None
    if then := _on_day_of(text, now):
        return (then if then.timestamp() > now else then + _ONE_DAY).timestamp()
    moment = _read_datetime(text)
    return None if moment is None else _unix_seconds(moment)


def _on_day_of(text: str, now: float) -> datetime | None:
    """Return the time of day ``text`` on the UTC day of ``now``; None if ``text`` is not a time of day."""
    if not (match := _TIME_OF_DAY.fullmatch(text)):
        return None
    return datetime.fromtimestamp(now, UTC).replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)


def _read_datetime(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _unix_seconds(moment: datetime, shift: timedelta = timedelta()) -> float | None:
    try:
        return (moment + shift).timestamp()
    except OverflowError:
        return None
