"""Take a node's record out of the cluster's list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, Operation
from bot.swarm.operations.records import manager_of


@dataclass(frozen=True, slots=True)
class RemoveNode(Operation):
    """No record with the id ``node``; ``name`` is how people call it.

    The engine removes no member of Raft, forced or not, so this takes no manager away. ``force`` removes the record of
    a node that is not down; it then takes itself for a member until it leaves (facts/swarm.md).
    """

    kind: ClassVar[str] = "remove-node"

    node: str
    name: str
    cluster: str
    force: bool = False

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"removing the record `{self.node}` of `{self.name}`"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"{self.cluster} has no record `{self.node}` of `{self.name}`"

    def satisfied(self, facts: Facts) -> bool:
        """The managers list no such node."""
        return facts.swarm is not None and facts.swarm.node(self.node) is None

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Remove it."""
        manager_of(engines, facts).remove_node(self.node, force=self.force)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell how the record stands."""
        del engines
        record = facts.swarm.node(self.node) if facts.swarm else None
        truth = f"`{self.name}` is listed still, {record.state}." if record else f"{self.cluster} cannot be read."
        return Failed(error.happened, true_now=truth, next_step=error.next_step or "`/swarm status`, then Retry.")
