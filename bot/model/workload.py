"""What a cluster runs: services and their tasks. Frozen, and without any I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A service, how many tasks it runs, how many it should, and why the missing ones are not placed.

    ``constraints`` are its placement's, as written (``node.labels.zone==b``); a global service runs a task on every
    node that meets them. ``stop_grace``: seconds that a task may take to stop, 10 unless its spec says otherwise.
    """

    name: str
    running: int
    desired: int
    complaint: str = ""
    id: str = ""
    constraints: tuple[str, ...] = ()
    is_global: bool = False
    stop_grace: float = 10.0

    @property
    def short(self) -> int:
        """How many tasks are missing."""
        return max(0, self.desired - self.running)


ALIVE: Final = frozenset({"assigned", "accepted", "preparing", "ready", "starting", "running"})
"""States of a task that its node works on or will."""


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task: its service's id, its node's ("" while it has none) and whether it is meant to run.

    ``error`` is what its engine or the scheduler says of it: why it failed, or why no node can take it. ``slot`` is its
    number in the service, 0 of a global one; ``since`` is when it came to its state, in unix seconds.
    """

    service: str
    node: str
    state: str
    wanted: bool
    error: str = ""
    slot: int = 0
    since: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether its node has it to run, or to stop still."""
        return self.state in ALIVE
