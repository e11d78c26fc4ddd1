"""What watch recorded of a cluster over time, and the same as a picture shows it: pure data, drawn by bot.pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

SAMPLE_S: Final = 120
"""The length of the time that one sample is about. Slots begin at multiples of it, so every process has the same."""
KEPT_S: Final = 8 * 24 * 3600
"""How long a sample is kept: a week, and the day on which somebody asks for it."""
MAX_SAMPLES: Final = KEPT_S // SAMPLE_S


class Range(NamedTuple):
    """The values of a number in the readings of a slot."""

    low: int
    high: int
    last: int
    """The number in the last reading."""


class Counts(NamedTuple):
    """What the readings of a slot counted in a cluster."""

    nodes: Range
    nodes_ready: Range
    tasks_desired: Range
    tasks_running: Range
    managers: Range
    """Members of Raft."""
    managers_reachable: Range
    managers_needed: Range
    """The members needed for a quorum."""


class Sample(NamedTuple):
    """What the readings of one slot saw. Stored as a JSON list: new fields come last and have a default."""

    at: int
    """When the slot began, unix seconds."""
    incidents: Range
    """Open incidents that were reported, or that a silence keeps quiet."""
    counts: Counts | None
    """None if no manager with a quorum could be read in the slot: then nothing is known of nodes and tasks."""


@dataclass(frozen=True, slots=True)
class History:
    """All that is kept of a cluster."""

    samples: tuple[Sample, ...] = ()
    """The oldest first. A slot without a sample was not watched."""
    watched: bool = False
    """Whether a process watches the cluster now."""


Level = Literal["good", "warning", "bad"]
"""``good``: everything is there. ``warning``: something is missing. ``bad``: an incident."""
LEVELS: Final[tuple[Level, ...]] = ("good", "warning", "bad")
"""The worst is the last."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The values of a number in one column of a plot."""

    low: int
    high: int
    level: Level


@dataclass(frozen=True, slots=True)
class Reference:
    """A line that a plot's number is compared with."""

    name: str
    """The name in the legend."""
    values: tuple[int | None, ...]
    """One for each column, None where nothing was read."""
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A time that was not read. Unix seconds."""

    since: int
    until: int
    watched: bool
    """Whether a process watched, but could read no manager with a quorum; otherwise no process watched."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One number over time. Its texts are plain text."""

    title: str
    now: str
    """"5 of 5 ready now"; if it was not read recently: "5 of 5 ready, last read 12:10"."""
    extremes: str
    """Its lowest and highest value, and when."""
    marks: tuple[Mark | None, ...]
    """One for each column, None where nothing was read."""
    references: tuple[Reference, ...] = ()
    gaps: tuple[Gap, ...] = ()
    compared: str = ""
    """How its references changed, in words; "" if they did not."""
    high_is_bad: bool = False
    """Whether the line follows the highest values of the columns rather than the lowest."""


@dataclass(frozen=True, slots=True)
class HistoryChart:
    """The whole picture. Its texts are plain text."""

    title: str
    time: str
    """The time that it shows, in words."""
    since: int
    until: int
    """Unix seconds."""
    column_s: int
    """How long the time of each column is, from ``since`` on; the last one may be cut by ``until``."""
    plots: tuple[Plot, ...]
    foot: tuple[str, ...] = ()
    """The gaps, in words."""
