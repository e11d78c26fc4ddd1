"""What the engines say of a cluster's nodes, read again and again while faults happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import time
from typing import ClassVar

from bot.errors import Failed
from sandbox.fleet.shell import await_found
from tests.kits.repeating import Repeating
from tests.kits.scenario import Scenario


@dataclass(frozen=True, slots=True)
class NodeReading:
    """What one sound manager said."""

    at: float
    """Unix seconds at its end."""
    nodes: dict[str, str] = field(default_factory=dict)
    """Status, availability and manager status by host name; empty if no manager answered, as while none leads."""

    def is_lost(self, host: str) -> bool:
        """Whether the node is down, or its manager unreachable."""
        state = self.nodes.get(host, "")
        return state.startswith("Down") or state.endswith("Unreachable")

    def is_well(self, host: str) -> bool:
        """Whether the node is ready, and its manager reachable."""
        state = self.nodes.get(host, "")
        return state.startswith("Ready") and not state.endswith("Unreachable")


class NodeHistory(Repeating):
    """Reads the nodes from a manager that has no fault, while it is entered."""

    pause_s: ClassVar[float] = 0.5

    def __init__(self, scenario: Scenario, managers: Sequence[str]) -> None:
        super().__init__()
        self.faulty = ""
        """The host that has a fault now: what it says is not recorded."""
        self.readings: list[NodeReading] = []
        self._scenario = scenario
        self._managers = managers

    def wait_for(self, shows: Callable[[NodeReading], bool], since: float, what: str, *, timeout: float) -> NodeReading:
        """Return the first reading from ``since`` on that shows something; raise Failed after ``timeout`` seconds."""
        found = await_found(lambda: [each for each in self.between(since) if shows(each)], what, timeout=timeout)
        return found[0]

    def between(self, begin: float, end: float = float("inf")) -> list[NodeReading]:
        """Return the readings of a time."""
        return [each for each in tuple(self.readings) if begin <= each.at <= end]

    def run_once(self) -> None:
        """Read them once."""
        self.readings.append(self._read())

    def _read(self) -> NodeReading:
        manager = next(name for name in self._managers if name != self.faulty)
        try:
            return NodeReading(nodes=self._scenario.nodes(manager), at=time())
        except Failed:  # managers hang while none leads
            return NodeReading(time())
