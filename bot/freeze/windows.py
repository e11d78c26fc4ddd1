"""When the freezes of swarmbot.yml hold. Pure.

Wall clocks skip an hour and repeat one each year; a freeze is never shorter than the clock on the wall says: it begins
at the first and ends at the last moment that its words can mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from bot.config import FreezeWindow
from bot.config.freezes import TimeOfWeek

HORIZON: Final = 28 * 24 * 3600.0
"""Seconds ahead in which windows that follow each other are told as one."""
WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Span:
    """From ``begin`` (included) to ``end`` (not included), in unix seconds."""

    begin: float
    end: float
    reason: str


def scheduled(windows: Iterable[FreezeWindow], now: float) -> Span | None:
    """The freeze that holds at ``now`` (unix seconds), to the end of the last window that follows without a gap."""
    windows = tuple(windows)
    first = held = _longest(windows, now)
    while held and held.end < now + HORIZON and (following := _longest(windows, held.end)):
        held = following
    return Span(first.begin, held.end, first.reason) if first and held else None


def _longest(windows: tuple[FreezeWindow, ...], now: float) -> Span | None:
    holding = (span for window in windows for span in _near(window, now) if span.begin <= now < span.end)
    return max(holding, key=lambda span: span.end, default=None)


def _near(window: FreezeWindow, now: float) -> Iterator[Span]:
    """The spans of a window that may hold at ``now``, and some others."""
    if isinstance(window.begin, datetime) and isinstance(window.until, datetime):
        yield Span(_first(window.begin, window), _last(window.until, window), window.reason)
        return
    today = datetime.fromtimestamp(now, UTC).date()
    for begin, end, days in _of_week(window):
        for back in range(-2, WEEK + 2):
            day = today - timedelta(days=back)
            if day.weekday() == begin.day:
                ends = day + timedelta(days=days)
                yield Span(_first(_at(day, begin.time), window), _last(_at(ends, end.time), window), window.reason)


def _of_week(window: FreezeWindow) -> Iterator[tuple[TimeOfWeek, TimeOfWeek, int]]:
    """Where each span of a weekly window begins and ends, and how many days later."""
    if isinstance(window.begin, TimeOfWeek) and isinstance(window.until, TimeOfWeek):
        days = (window.until.day - window.begin.day) % WEEK
        if days == 0 and window.until.time <= window.begin.time:
            days = WEEK
        yield window.begin, window.until, days
    if isinstance(window.begin, time) and isinstance(window.until, time):
        days = 0 if window.begin < window.until else 1
        for day in window.days:
            yield TimeOfWeek(day, window.begin), TimeOfWeek((day + days) % WEEK, window.until), days


def _at(day: date, at: time) -> datetime:
    return datetime.combine(day, at)


def _first(moment: datetime, window: FreezeWindow) -> float:
    return min(_meanings(moment, window))


def _last(moment: datetime, window: FreezeWindow) -> float:
    return max(_meanings(moment, window))


def _meanings(moment: datetime, window: FreezeWindow) -> tuple[float, float]:
    """Unix seconds of a moment on the wall clock, which the end of summer time gives two."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=window.timezone)
    return zoned.timestamp(), zoned.replace(fold=1).timestamp()
