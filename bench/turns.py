"""Measure several ways to do the same thing in turn, so that other load on the machine affects all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import median
from time import monotonic

from bench.result import Cell


def by_turns(ways: Mapping[str, Callable[[], object]], rounds: int) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each way: its name, the runs, the median in ms, and the ratio to the median of the first way."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, act in ways.items():
            began = monotonic()
            act()
            times[way].append((monotonic() - began) * 1000)
    yield from rows_of(times)


def rows_of(times_ms: Mapping[str, list[float]]) -> Iterator[tuple[Cell, ...]]:
    """Yield these rows of times that were measured elsewhere."""
    first = median(next(iter(times_ms.values())))
    for way, times in times_ms.items():
        yield way, len(times), median(times), f"{median(times) / first:.2f}x"
