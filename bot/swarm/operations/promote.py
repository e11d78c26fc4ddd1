"""Make a worker a manager."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation, RaftMembers
from bot.swarm.operations.records import manager_of, update_record


@dataclass(frozen=True, slots=True)
class Promote(Operation):
    """The node ``node`` (its id; ``name`` is how people call it) a manager that is reachable in Raft.

    Reachable after 0.55 s, once after 28 s right after a demote (facts/swarm.md).
    """

    kind: ClassVar[str] = "promote"
    patience: ClassVar[float] = 60.0

    node: str
    name: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"promoting `{self.name}` to manager"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.name}` is a reachable manager of {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """The cluster itself is enough."""
        return FactsQuery()

    def raft(self, members: RaftMembers) -> RaftMembers:
        """One more."""
        return members.joined(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """The record is a manager's, ready and reachable."""
        record = facts.swarm.node(self.node) if facts.swarm else None
        return record is not None and record.role == "manager" and record.ready

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change the role in the record's spec; all else in it stays."""
        update_record(manager_of(engines, facts), self.node, lambda spec: {**spec, "Role": "manager"})

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell the role and reachability that the managers see."""
        del engines
        record = facts.swarm.node(self.node) if facts.swarm else None
        if record is None:
            truth = f"{self.cluster} cannot be read, or has no such node."
        elif record.role == "worker":
            truth = f"`{self.name}` is a worker still."
        else:
            truth = f"`{self.name}` is a manager, {record.standing}, {record.state}."
        step = error.next_step or f"`/swarm status`; if `{self.name}` stays unreachable, demote it again."
        return Failed(error.happened, true_now=truth, next_step=step)
