"""When the freezes of swarmbot.yml are in effect. Pure.

Daylight saving time skips an hour and repeats one each year. A freeze is never shorter than the local time says: it
begins at the first instant that its start can mean and ends at the last instant that its end can mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from bot.config import FreezeWindow
from bot.config.freezes import TimeOfWeek

MERGE_HORIZON_S: Final = 28 * 24 * 3600.0
"""Windows that follow each other without a gap within this time are shown as one."""
WEEK_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class FreezeSpan:
    """From ``begin`` (included) to ``end`` (not included), in unix seconds."""

    begin: float
    end: float
    reason: str


def scheduled_span(windows: Iterable[FreezeWindow], now: float) -> FreezeSpan | None:
    """Return the freeze in effect at ``now`` (unix seconds), to the end of the last window that follows it directly."""
    windows = tuple(windows)
    first = span = _longest(windows, now)
    while span and span.end < now + MERGE_HORIZON_S and (following := _longest(windows, span.end)):
        span = following
    return FreezeSpan(first.begin, span.end, first.reason) if first and span else None


def _longest(windows: tuple[FreezeWindow, ...], now: float) -> FreezeSpan | None:
    holding = (span for window in windows for span in _near(window, now) if span.begin <= now < span.end)
    return max(holding, key=lambda span: span.end, default=None)


def _near(window: FreezeWindow, now: float) -> Iterator[FreezeSpan]:
    """Yield the spans of a window around ``now``: all that can contain ``now``, and some others."""
    if isinstance(window.begin, datetime) and isinstance(window.until, datetime):
        yield FreezeSpan(_earliest(window.begin, window), _latest(window.until, window), window.reason)
        return
    today = datetime.fromtimestamp(now, UTC).date()
    for begin, end, days in _of_week(window):
        for back in range(-2, WEEK_DAYS + 2):
            day = today - timedelta(days=back)
            if day.weekday() == begin.day:
                ends = day + timedelta(days=days)
                yield FreezeSpan(
                    _earliest(_at(day, begin.time), window), _latest(_at(ends, end.time), window), window.reason
                )


def _of_week(window: FreezeWindow) -> Iterator[tuple[TimeOfWeek, TimeOfWeek, int]]:
    """Yield where each span of a weekly window begins and ends, and how many days later it ends."""
    if isinstance(window.begin, TimeOfWeek) and isinstance(window.until, TimeOfWeek):
        days = (window.until.day - window.begin.day) % WEEK_DAYS
        if days == 0 and window.until.time <= window.begin.time:
            days = WEEK_DAYS
        yield window.begin, window.until, days
    if isinstance(window.begin, time) and isinstance(window.until, time):
        days = 0 if window.begin < window.until else 1
        for day in window.days:
            yield TimeOfWeek(day, window.begin), TimeOfWeek((day + days) % WEEK_DAYS, window.until), days


def _at(day: date, at: time) -> datetime:
    return datetime.combine(day, at)


def _earliest(moment: datetime, window: FreezeWindow) -> float:
    return min(_instants(moment, window))


def _latest(moment: datetime, window: FreezeWindow) -> float:
    return max(_instants(moment, window))


def _instants(moment: datetime, window: FreezeWindow) -> tuple[float, float]:
    """Return the unix seconds that a local time can mean: two at the end of daylight saving time."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=window.timezone)
    return zoned.timestamp(), zoned.replace(fold=1).timestamp()
