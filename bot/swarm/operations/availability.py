"""Whether a node takes new tasks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

from bot.model import Engines, Facts, NodeFacts, Operation
from bot.swarm.operations.records import manager_of, update_record

SHOWN: Final = {"active": "activating", "pause": "pausing"}
STANDS: Final = {"active": "active", "pause": "paused: it keeps its tasks and takes no new ones"}


@dataclass(frozen=True, slots=True)
class SetAvailability(Operation):
    """The node ``node`` (its id) active or paused. Its tasks stay as they are; for ``drain`` see Drain."""

    kind: ClassVar[str] = "availability"

    node: str
    name: str
    availability: Literal["active", "pause"]

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"{SHOWN[self.availability]} `{self.name}`"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.name}` is {STANDS[self.availability]}"

    def record(self, node: NodeFacts) -> NodeFacts:
        """Its own node's, with this availability."""
        return replace(node, availability=self.availability) if node.id == self.node else node

    def satisfied(self, facts: Facts) -> bool:
        """The record says so."""
        record = facts.swarm.node(self.node) if facts.swarm else None
        return record is not None and record.availability == self.availability

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change the availability in the record's spec; all else in it stays."""
        update_record(manager_of(engines, facts), self.node, lambda spec: {**spec, "Availability": self.availability})
