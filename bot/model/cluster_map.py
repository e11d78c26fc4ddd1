"""A cluster as a picture shows it: pure data, drawn by :mod:`bot.pictures`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Colour = Literal["good", "warning", "idle", "bad", "unknown", "free"]
"""``good``: takes tasks. ``warning``: the cluster is degraded. ``idle``: ready, but drained or paused. ``bad``: down or
unreachable. ``unknown``: unseen. ``free``: a host that could join."""


@dataclass(frozen=True, slots=True)
class MapNode:
    """A node. Its texts are plain text."""

    name: str
    role: Literal["leader", "manager", "worker", "host"]
    """``host``: it is in swarmbot.yml and not part of the cluster."""
    colour: Colour
    state: str
    """The state in words, because not everybody sees colours: "ready", "down", "drained"."""
    tasks: int | None = None
    """Running tasks; None if that was not read."""

    @property
    def state_text(self) -> str:
        """Return what it is: "leader, ready" or "down"."""
        return f"leader, {self.state}" if self.role == "leader" else self.state

    @property
    def tasks_text(self) -> str:
        """Return "3 tasks"; "" if that was not read."""
        return "" if self.tasks is None else f"{self.tasks} task{'' if self.tasks == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class MapGroup:
    """The nodes of one zone, or the managers."""

    title: str
    nodes: tuple[MapNode, ...]


@dataclass(frozen=True, slots=True)
class ClusterMap:
    """The whole picture. Its texts are plain text."""

    title: str
    """The state: "prod is degraded"."""
    headline: str
    """The numbers that matter, with " · " between them."""
    colour: Colour
    groups: tuple[MapGroup, ...]
    blocked: tuple[str, ...] = ()
    """The routes that are known to be blocked, each in words."""
    foot: str = ""
