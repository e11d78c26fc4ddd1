"""Promote a worker to manager, and demote a manager to worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, NodeFacts, Operation, RaftMembers
from bot.swarm.operations.spec_updates import reading_manager, record_of, update_node_spec


@dataclass(frozen=True, slots=True)
class Promote(Operation):
    """Make a node a manager that is reachable in Raft.

    It is reachable after 0.55 s; once it took 28 s, right after a demote (docs/swarm-behaviour.md#managers-and-raft).
    """

    kind: ClassVar[str] = "promote"
    timeout_s: ClassVar[float] = 60.0

    node: str
    """The node's id."""
    name: str
    cluster: str

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"promoting `{self.name}` to manager"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.name}` is a reachable manager of {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the cluster alone."""
        return FactsQuery()

    def record(self, node: NodeFacts) -> NodeFacts:
        """Return the node's record as a manager's."""
        return replace(node, role="manager") if node.id == self.node else node

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Return the members with this node added."""
        return members.joined(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the node is a manager, ready and reachable."""
        record = record_of(facts, self.node)
        return record is not None and record.role == "manager" and record.ready

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change only the role in the node's spec."""
        update_node_spec(reading_manager(engines, facts), self.node, lambda spec: {**spec, "Role": "manager"})

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the node's role and reachability."""
        del engines
        record = record_of(facts, self.node)
        if record is None:
            state = f"{self.cluster} cannot be read, or has no such node."
        elif record.role == "worker":
            state = f"`{self.name}` is still a worker."
        else:
            state = f"`{self.name}` is a manager, {record.raft_state}, {record.state}."
        step = f"`/swarm status`. If `{self.name}` stays unreachable: `/swarm demote {self.name}`."
        return Failed(error.happened, true_now=state, next_step=error.next_step or step)


@dataclass(frozen=True, slots=True)
class Demote(Operation):
    """Make a node a worker that is not a member of Raft: no other way out of Raft keeps the quorum safe.

    The leader is demoted like any other manager: Raft has a new leader after 0.1 s, and the old leader's engine sees
    itself as a worker after 5 s (docs/swarm-behaviour.md#managers-and-raft).
    """

    kind: ClassVar[str] = "demote"
    timeout_s: ClassVar[float] = 60.0
    may_lose_manager: ClassVar[bool] = True

    node: str
    """The node's id."""
    name: str
    cluster: str
    host: str = ""
    """The node's host, whose engine must then see itself as a worker too; "" if the host cannot be asked."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"demoting `{self.name}` to worker"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.name}` is a worker and not a member of Raft"

    @property
    def query(self) -> FactsQuery:
        """Return a query for its host, if it can be asked."""
        return FactsQuery(hosts=(self.host,)) if self.host else FactsQuery()

    def record(self, node: NodeFacts) -> NodeFacts:
        """Return the node's record as a worker's."""
        return replace(node, role="worker") if node.id == self.node else node

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Return the members without this node."""
        return members.left(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the node is a worker in its record, in Raft and for its engine, or has no record."""
        if facts.swarm is None:
            return False
        record = facts.swarm.node(self.node)
        if record is None:
            return True
        return record.role == "worker" and not record.reachability and not self._still_manages(facts)

    def progress(self, facts: Facts) -> str:
        """Return which of the three is missing."""
        record = record_of(facts, self.node)
        if record is None or record.role == "manager":
            return ""
        return "still a member of Raft" if record.reachability else "its engine still sees itself as a manager"

    def seen(self, facts: Facts) -> str:
        """Return the state, with the current leader."""
        leader = facts.swarm.leader if facts.swarm else None
        return f"{self.done}; `{leader.name}` is the leader of {self.cluster}" if leader else self.done

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change only the role in the node's spec."""
        update_node_spec(reading_manager(engines, facts), self.node, lambda spec: {**spec, "Role": "worker"})

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the role that the managers report."""
        del engines
        record = record_of(facts, self.node)
        if record is None:
            state = f"{self.cluster} cannot be read: whether `{self.name}` is still a manager is unknown."
        elif record.role == "manager":
            state = f"`{self.name}` is still a manager, {record.raft_state}."
        else:
            state = f"The managers report `{self.name}` as a worker; {self.progress(facts)}."
        return Failed(error.happened, true_now=state, next_step=error.next_step or "`/swarm status`, then press Retry.")

    def _still_manages(self, facts: Facts) -> bool:
        host = facts.hosts.get(self.host)
        return host is not None and host.responds and host.node_id == self.node and host.is_manager
