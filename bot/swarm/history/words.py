"""The history of a cluster in words: all that its picture shows, for screen readers and where no picture is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from bot.model.history import SAMPLE_S, Gap, HistoryChart
from bot.text.suggest import number_of

MAX_GAPS: Final = 5
"""At most this many gaps are named: the longest ones."""
DAY_S: Final = 86400


def lines(chart: HistoryChart) -> Iterator[str]:
    """Yield what the picture shows, in plain text: the time, each plot and the gaps."""
    yield f"{chart.time}, one sample for each {SAMPLE_S // 60} minutes."
    for plot in chart.plots:
        yield f"{plot.title}: {'; '.join(part for part in (plot.now, plot.extremes, plot.compared) if part)}."
    yield from (f"{line}." for line in chart.foot)


def gaps_text(gaps: Sequence[Gap], since: int) -> Iterator[str]:
    """Yield for each kind of gap how long it was in all, and when; ``since`` is when the chart begins."""
    for watched, why in ((False, "Not watched"), (True, "No manager with a quorum could be read")):
        found = [gap for gap in gaps if gap.watched == watched]
        if not found:
            continue
        longest = sorted(found, key=lambda gap: gap.since - gap.until)[:MAX_GAPS]
        named = [
            f"{moment(gap.since, since)} to {moment(gap.until, gap.since)}"
            for gap in sorted(longest, key=lambda gap: gap.since)
        ]
        more = [f"and {number_of(len(found) - MAX_GAPS, 'shorter time')}"] if len(found) > MAX_GAPS else []
        yield f"{why} for {length(sum(gap.until - gap.since for gap in found))}: {', '.join([*named, *more])}"


def length(seconds: float) -> str:
    """Return a length of time in its two largest units: "2 h 10 min"."""
    minutes = round(seconds / 60)
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    return " ".join([f"{count} {unit}" for count, unit in parts if count][:2]) or "0 min"


def moment(at: float, since: float) -> str:
    """Return a time of a chart that begins at ``since``: "14:20", or "Dec 24 14:20" if that is another day. UTC."""
    is_first_day = at // DAY_S == since // DAY_S
    return _text(at, "%H:%M") if is_first_day else _text(at, "%b %-d %H:%M")


def year_moment(at: float) -> str:
    """Return a time with its date and year: "Dec 24, 2026 14:20". UTC."""
    return _text(at, "%b %-d, %Y %H:%M")


def number_text(count: int) -> str:
    """Return a number as it is read at a glance: "50,000"."""
    return f"{count:,}"


def _text(at: float, layout: str) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(layout)
