"""Histories as tests need them: samples of a cluster, two minutes each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from bot.model.history import SAMPLE_S, Counts, Range, Sample

NOW: Final = 1_800_000_030.0
"""Jan 15, 2027 08:00:30 UTC."""
LAST: Final = int(NOW) // SAMPLE_S * SAMPLE_S
"""When the slot of NOW began."""


@cache
def only(number: int) -> Range:
    """Return a number that did not change in a slot."""
    return Range(number, number, number)


@cache
def counts(ready: int = 5, nodes: int = 5, running: int = 12, desired: int = 12, reachable: int = 3) -> Counts:
    """Return what a slot counted: by default all is well."""
    return Counts(*map(only, (nodes, ready, desired, running, 3, reachable, 2)))


def sample(at: int, incidents: int = 0, *, read: bool = True, **numbers: int) -> Sample:
    """Return the sample of a slot."""
    return Sample(at, only(incidents), counts(**numbers) if read else None)


def samples(count: int, make: Callable[[int, int], Sample | None] | None = None) -> tuple[Sample, ...]:
    """Return the samples of the last ``count`` slots. ``make`` gets when each began and its place; None is a gap."""
    found = [
        (make or (lambda at, _: sample(at)))(LAST - (count - 1 - place) * SAMPLE_S, place) for place in range(count)
    ]
    return tuple(each for each in found if each is not None)
