"""The samples of a time as plots: nodes, tasks, managers and incidents, with the times that were not read. Pure.

A sample is made of one or more readings, and a column of one or more samples. Nothing else is combined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from math import ceil
from typing import Final, NamedTuple

from bot.model.history import (
    LEVELS,
    SAMPLE_S,
    Gap,
    HistoryChart,
    Level,
    Mark,
    Plot,
    Range,
    Reference,
    Sample,
)
from bot.swarm.history.span import HistorySpan
from bot.swarm.history.words import gaps_text, moment, number_text, year_moment

MAX_COLUMNS: Final = 480
"""The most columns: more would be thinner than two pixels."""

Seen = Callable[[Sample], Range | None]


def chart_of(cluster: str, samples: Sequence[Sample], span: HistorySpan, now: float) -> HistoryChart | None:
    """Return the chart of a time until ``now`` at the latest; None if nothing was recorded then.

    It begins with the oldest sample of all if the time begins before: what is older than all samples is no gap.
    """
    since, until = (int(span.since // SAMPLE_S) * SAMPLE_S, ceil(span.until / SAMPLE_S) * SAMPLE_S)
    since = max(since, samples[0].at) if samples else since
    found = {each.at: each for each in samples if since <= each.at < until}
    if not found:
        return None
    if until > now and until - SAMPLE_S not in found:
        until -= SAMPLE_S  # this slot has just begun
    slots = range(since, until, SAMPLE_S)
    per_column = ceil(len(slots) / MAX_COLUMNS)
    columns = [slots[start : start + per_column] for start in range(0, len(slots), per_column)]
    gaps = tuple(_gaps(found, slots))
    sight = _Sight(found, columns, gaps, is_now=until > now - SAMPLE_S)
    return HistoryChart(
        title=f"{cluster}: history",
        time=f"{year_moment(since)} to {moment(min(until, now), since)} UTC",
        since=since,
        until=until,
        column_s=per_column * SAMPLE_S,
        plots=tuple(_plots(sight)),
        foot=tuple(gaps_text(gaps, since)),
    )


class _Sight:
    """The samples of a chart, by slot, its columns of slots, and its gaps. ``is_now``: whether it ends now."""

    def __init__(
        self, samples: Mapping[int, Sample], columns: Sequence[range], gaps: Sequence[Gap], *, is_now: bool
    ) -> None:
        self.gaps = tuple(gaps)
        self.samples = [samples[at] for at in sorted(samples)]
        self.columns = [[samples[at] for at in column if at in samples] for column in columns]
        self._slots = sum(map(len, columns))
        self._since = columns[0].start
        self._recent = columns[-1][-1] - SAMPLE_S
        self._is_now = is_now

    def marks(self, seen: Seen, level: Callable[[Sample], Level]) -> tuple[Mark | None, ...]:
        """Return what a number was in each column; its level is the worst of its samples."""
        found: list[Mark | None] = []
        for column in self.columns:
            read = [(each, level(sample)) for sample in column if (each := seen(sample)) is not None]
            if not read:
                found.append(None)
                continue
            worst = max((each for _, each in read), key=LEVELS.index)
            found.append(Mark(min(each.low for each, _ in read), max(each.high for each, _ in read), worst))
        return tuple(found)

    def reference(self, name: str, seen: Seen, *, dashed: bool = False) -> Reference:
        """Return the line of a number that others are compared with."""
        highs = [[each.high for sample in column if (each := seen(sample)) is not None] for column in self.columns]
        return Reference(name, tuple(max(column, default=None) for column in highs), dashed)

    def now(self, text: Callable[[Sample], str], seen: Seen) -> str:
        """Return what a number is now, or what it was when it was last read."""
        last = next((each for each in reversed(self.samples) if seen(each) is not None), None)
        if last is None:
            return "not read"
        if last.at >= self._recent:
            return f"{text(last)} now" if self._is_now else f"{text(last)} at the end"
        return f"{text(last)}, last read {moment(last.at, self._since)}"

    def between(self, seen: Seen) -> str:
        """Return a number, or the lowest and the highest: "3", "3 to 5"; "" if it was not read."""
        read = [each for sample in self.samples if (each := seen(sample)) is not None]
        ends = sorted({min(each.low for each in read), max(each.high for each in read)}) if read else []
        return " to ".join(map(number_text, ends))

    def extremes(self, seen: Seen, *, high_is_bad: bool = False) -> str:
        """Return the lowest and the highest value, and when the worse of them was read first."""
        read = [(sample.at, each) for sample in self.samples if (each := seen(sample)) is not None]
        if not read:
            return ""
        low_at, low = min(read, key=lambda pair: pair[1].low)
        high_at, high = max(read, key=lambda pair: pair[1].high)
        if low.low == high.high:
            shown = number_text(low.low)
            return f"always {shown}" if len(read) == self._slots else f"{shown} in every reading"
        lowest, highest = f"lowest {number_text(low.low)}", f"highest {number_text(high.high)}"
        if high_is_bad:
            return f"{highest} at {moment(high_at, self._since)} · {lowest}"
        return f"{lowest} at {moment(low_at, self._since)} · {highest}"


def _plots(sight: _Sight) -> Iterator[Plot]:
    yield _parts(sight, _Kind("Nodes", "nodes_ready", "nodes", "ready", "all nodes"))
    yield _parts(sight, _Kind("Tasks", "tasks_running", "tasks_desired", "running", "desired tasks"))
    yield _managers(sight)
    yield Plot(
        "Incidents",
        sight.now(lambda sample: f"{number_text(sample.incidents.last)} open", _incidents),
        sight.extremes(_incidents, high_is_bad=True),
        sight.marks(_incidents, lambda sample: "bad" if sample.incidents.high else "good"),
        gaps=tuple(gap for gap in sight.gaps if not gap.watched),
        high_is_bad=True,
    )


def _managers(sight: _Sight) -> Plot:
    """Return the plot of the managers, with how many a quorum needs."""
    plot = _parts(sight, _Kind("Managers", "managers_reachable", "managers", "reachable", "all managers"))
    needed = _count("managers_needed")
    extremes = f"{plot.extremes} · {between} needed for a quorum" if (between := sight.between(needed)) else ""
    reference = sight.reference("needed for a quorum", needed, dashed=True)
    return replace(plot, extremes=extremes, references=(*plot.references, reference))


class _Kind(NamedTuple):
    """A number, and its part that is in a state: nodes that are ready."""

    title: str
    part: str
    """A field of Counts, as ``whole`` is."""
    whole: str
    state: str
    name: str
    """The name of the whole, for the legend."""


def _parts(sight: _Sight, kind: _Kind) -> Plot:
    """Return the plot of those that are in a state, compared with all."""
    some, every = _count(kind.part), _count(kind.whole)

    def text(sample: Sample) -> str:
        counted, total = some(sample), every(sample)
        return f"{number_text(counted.last)} of {number_text(total.last)} {kind.state}" if counted and total else ""

    def level(sample: Sample) -> Level:
        """Numbers of one slot may be of different readings: only what one reading must have seen counts as missing."""
        counted, total = some(sample), every(sample)
        return "warning" if counted and total and counted.low < total.low else "good"

    return Plot(
        kind.title,
        sight.now(text, some),
        sight.extremes(some),
        sight.marks(some, level),
        (sight.reference(kind.name, every),),
        sight.gaps,
        f"{kind.name} {between}" if " to " in (between := sight.between(every)) else "",
    )


def _count(name: str) -> Seen:
    """Return a function that finds a number of a sample: a field of Counts."""
    return lambda sample: getattr(sample.counts, name) if sample.counts is not None else None


def _incidents(sample: Sample) -> Range:
    return sample.incidents


def _gaps(samples: Mapping[int, Sample], slots: range) -> Iterator[Gap]:
    """Yield the times in which nodes and tasks were not read, in order."""

    def state(at: int) -> str:
        sample = samples.get(at)
        return "unwatched" if sample is None else "unread" if sample.counts is None else "read"

    for what, run in groupby(slots, key=state):
        times = [*run]
        if what != "read":
            yield Gap(times[0], times[-1] + SAMPLE_S, watched=what == "unread")
