"""Promote a worker to manager, and demote a manager to worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation, RaftMembers
from bot.swarm.operations.spec_updates import reading_manager, update_node_spec


@dataclass(frozen=True, slots=True)
class Demote(Operation):
    """The node ``node`` (its id; ``name`` is how people call it) a worker, and out of Raft.

    ``host`` is its machine in swarmbot.yml, which must then see itself a worker too, or "" where it cannot be asked.
    The leader is demoted like any other: Raft has a new one after 0.1 s, and the old one's engine sees itself a worker
    after 5 (facts/swarm.md).
    """

    kind: ClassVar[str] = "demote"
    patience: ClassVar[float] = 60.0
    weakens: ClassVar[bool] = True

    node: str
    name: str
    cluster: str
    host: str = ""

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"demoting `{self.name}` to worker"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.name}` is a worker, out of Raft"

    @property
    def query(self) -> FactsQuery:
        """Its own host, if it can be asked."""
        return FactsQuery(hosts=(self.host,)) if self.host else FactsQuery()

    def raft(self, members: RaftMembers) -> RaftMembers:
        """One less."""
        return members.left(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """The record is a worker's, Raft has no such member, and its engine knows it; or there is no record."""
        if facts.swarm is None:
            return False
        record = facts.swarm.node(self.node)
        if record is None:
            return True
        return record.role == "worker" and not record.reachability and not self._still_manages(facts)

    def progress(self, facts: Facts) -> str:
        """Which of the three is waited for."""
        record = facts.swarm.node(self.node) if facts.swarm else None
        if record is None or record.role == "manager":
            return ""
        return "still a member of Raft" if record.reachability else "its engine still sees itself a manager"

    def seen(self, facts: Facts) -> str:
        """Who leads now."""
        leader = facts.swarm.leader if facts.swarm else None
        return f"{self.done}; `{leader.name}` leads {self.cluster}" if leader else self.done

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change the role in the record's spec; all else in it stays."""
        update_node_spec(reading_manager(engines, facts), self.node, lambda spec: {**spec, "Role": "worker"})

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell the role that the managers see."""
        del engines
        record = facts.swarm.node(self.node) if facts.swarm else None
        if record is None:
            truth = f"{self.cluster} cannot be read: whether `{self.name}` is a manager still is not known."
        elif record.role == "manager":
            truth = f"`{self.name}` is a manager still, {record.standing}."
        else:
            truth = f"The managers see `{self.name}` as a worker; {self.progress(facts)}."
        return Failed(error.happened, true_now=truth, next_step=error.next_step or "`/swarm status`, then Retry.")

    def _still_manages(self, facts: Facts) -> bool:
        host = facts.hosts.get(self.host)
        return host is not None and host.answers and host.node_id == self.node and host.is_manager


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
        update_node_spec(reading_manager(engines, facts), self.node, lambda spec: {**spec, "Role": "manager"})

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
