"""What a benchmark measured: tables, and goals with what was reached."""

from __future__ import annotations

from dataclasses import dataclass

Cell = str | int | float | None
"""A number has the unit of its column; None where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Table:
    """Figures in rows."""

    columns: tuple[str, ...]
    """With their units: ``p50, ms``. The first one names the row."""
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """The most that something should take."""

    what: str
    value: float
    """What was measured."""
    limit: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether it took no more."""
        return self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of a benchmark found."""

    tables: tuple[Table, ...]
    goals: tuple[Goal, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader must know to understand the figures, each a sentence."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and with what it was measured."""

    cpu: str
    cores: int
    memory_gib: float
    versions: tuple[tuple[str, str], ...]
    """Pairs of a program and its version; of Swarmbot, its commit."""


@dataclass(frozen=True, slots=True)
class Result:
    """A run of a benchmark."""

    name: str
    what: str
    """What it measures, one sentence."""
    command: str
    at: float
    """When it began, in unix seconds."""
    seconds: float
    """How long it took."""
    load: float
    """How many processes wanted a core at its start, as a mean of the minute before it."""
    machine: Machine
    measured: Measured
    niceness: int = 0
    """Below 0 it had precedence over other processes."""


@dataclass(frozen=True, slots=True)
class Results:
    """The last run of each benchmark."""

    results: tuple[Result, ...] = ()

    def with_result(self, result: Result) -> Results:
        """Return the results with a newer one."""
        return Results((*(each for each in self.results if each.name != result.name), result))
