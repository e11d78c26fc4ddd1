"""The requests between Slack and the bot, in both directions, for the page's inspector."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

MAX_KEPT: Final = 400
Direction = Literal["to the bot", "to Slack"]


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, unchanged: the code that shows them masks secrets."""

    number: int
    """1 for the first one."""
    at: float
    """Slack's time of the answer, in seconds since the epoch."""
    direction: Direction
    kind: str
    """A method of the Web API, ``response_url``, ``upload``, or the kind of a delivery: ``command``, ``event`` …"""
    request: Any
    answer: Any
    status: int
    """The HTTP status of the answer; 0 if there was none."""
    took_ms: float
    only_for: str = ""
    """The id of the only person who may read the content: the person who typed it or sees it. Empty for everybody."""
    note: str = ""
    """An injected fault or an error, in words."""


@dataclass
class Exchanges:
    """The newest MAX_KEPT exchanges; read and change them under ``Workspace.changed``."""

    kept: deque[Exchange] = field(default_factory=lambda: deque(maxlen=MAX_KEPT))

    @property
    def total(self) -> int:
        """The number of exchanges so far, including those that are no longer kept."""
        return self.kept[-1].number if self.kept else 0

    def after(self, number: int) -> Iterator[Exchange]:
        """Return the exchanges after number ``number`` that are kept, oldest first."""
        return (each for each in self.kept if each.number > number)
