"""Remove a host from its cluster, and remove the record of a node."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from bot.errors import Failed, Refused, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, HostFacts, NodeFacts, Operation, RaftMembers
from bot.swarm.operations.spec_updates import reading_manager, record_of


@dataclass(frozen=True, slots=True)
class Leave(Operation):
    """Remove a host from its cluster: ``POST /swarm/leave`` on that host. The managers must then report it down.

    Engines do not protect the quorum from ``leave --force`` of a member of Raft
    (docs/swarm-behaviour.md#managers-and-raft).
    """

    kind: ClassVar[str] = "leave"
    timeout_s: ClassVar[float] = 60.0
    may_lose_manager: ClassVar[bool] = True

    host: str
    cluster: str
    node: str = ""
    """The node id of the membership to end; "" to undo a pending join."""
    force: bool = False
    unseen: bool = False
    """Whether no manager can report it down: the cluster ends with this host, or cannot be read."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return (
            f"taking `{self.host}` out of {self.cluster}" if self.node else f"undoing the pending join of `{self.host}`"
        )

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.host}` is not part of any cluster"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the host."""
        return FactsQuery(hosts=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Return the members with this one stopped: it still counts. With the last member, Raft ends."""
        return members.left(self.node) if members.reachable.keys() == {self.node} else members.stopped(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the host has left and the managers report it down."""
        host = facts.hosts.get(self.host)
        if host is None or not host.responds or not self._has_left(host):
            return False
        if self.unseen or not self.node:
            return True
        return facts.swarm is not None and ((record := facts.swarm.node(self.node)) is None or record.state == "down")

    def progress(self, facts: Facts) -> str:
        """Return the state that the managers still report."""
        record = record_of(facts, self.node)
        return f"the managers still report it {record.state}" if record and record.state != "down" else ""

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Make the host leave, unless it has already left. Raise Refused or Failed if it may be a manager by now."""
        if self._has_left(facts.host(self.host)):
            return
        if not self.node:
            self._refuse_arrived(facts.host(self.host))
        elif not self.unseen:
            self._refuse_member(facts)
        engines[self.host].leave_swarm(force=self.force)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the state that the host's engine reports."""
        del engines
        host = facts.hosts.get(self.host)
        if host is None or not host.responds:
            state = f"`{self.host}` does not respond: whether it has left is unknown."
        elif self._has_left(host):
            state = f"`{self.host}` has left; {self._reported(facts)}."
        else:
            state = f"`{self.host}` is still `{host.membership}`."
        return Failed(error.happened, true_now=state, next_step=error.next_step or "`/swarm status`, then press Retry.")

    def _refuse_arrived(self, host: HostFacts) -> None:
        """Raise Refused if the pending join has completed since the plan was made: a member would leave."""
        if host.failure is not None:
            raise Failed(host.failure.happened, next_step=host.failure.next_step)
        if not host.joining:
            step = f"`/swarm leave {self.host}` drains and removes it as a member."
            raise Refused(f"the pending join of `{self.host}` has completed: it is part of a cluster.", next_step=step)

    def _refuse_member(self, facts: Facts) -> None:
        """Raise Refused if the host is in Raft by now, where a member that leaves counts as dead; Failed if unknown."""
        if facts.swarm is None:
            raise Failed(
                f"No manager of {self.cluster} with a quorum could be read.", true_now=f"`{self.host}` has not left."
            )
        record = facts.swarm.node(self.node)
        if record is not None and record.reachability:
            step = f"`/swarm leave {self.host}` demotes it first."
            raise Refused(f"`{self.host}` was promoted to manager after this was planned.", next_step=step)

    def _has_left(self, host: HostFacts) -> bool:
        """Return whether the membership to end is over. A newer membership is not ended by this step."""
        if not host.responds:
            return False
        newer = bool(self.node) and host.in_swarm and host.node_id not in {"", self.node}
        return host.membership == "inactive" or newer

    def _reported(self, facts: Facts) -> str:
        record = record_of(facts, self.node)
        return f"the managers report it {record.state}" if record else "the managers report no such node"


@dataclass(frozen=True, slots=True)
class RemoveNode(Operation):
    """Remove a node's record from the cluster.

    An engine never removes a member of Raft, so this step cannot cost a manager
    (docs/swarm-behaviour.md#managers-and-raft).
    """

    kind: ClassVar[str] = "remove-node"

    node: str
    """The node's id."""
    name: str
    cluster: str
    force: bool = False
    """Whether to remove the record of a node that is not down; its host believes that it is a member until it
    leaves."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"removing the record `{self.node}` of `{self.name}`"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{self.cluster} has no record `{self.node}` of `{self.name}`"

    def record(self, node: NodeFacts) -> NodeFacts:
        """Return the node's record as down: a node without a record gets no tasks."""
        return replace(node, state="down") if node.id == self.node else node

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the managers list no such node."""
        return facts.swarm is not None and facts.swarm.node(self.node) is None

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Remove the record."""
        reading_manager(engines, facts).remove_node(self.node, force=self.force)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the state of the record."""
        del engines
        record = record_of(facts, self.node)
        state = f"{self.cluster} still has the record, {record.state}." if record else f"{self.cluster} cannot be read."
        return Failed(error.happened, true_now=state, next_step=error.next_step or "`/swarm status`, then press Retry.")
