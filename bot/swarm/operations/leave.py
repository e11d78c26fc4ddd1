"""Take a host out of its cluster, and remove the record of a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, Refused, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, HostFacts, Operation, RaftMembers
from bot.swarm.operations.spec_updates import reading_manager


@dataclass(frozen=True, slots=True)
class Leave(Operation):
    """``host`` out of the membership that has the node id ``node``, and that node down for the managers.

    Without ``node`` it is a join left pending that is undone. ``unseen``: no manager is there to see it go, for the
    cluster ends with it or cannot be read. Engines do not guard ``leave --force`` of a member of Raft (facts/swarm.md).
    """

    kind: ClassVar[str] = "leave"
    patience: ClassVar[float] = 60.0
    weakens: ClassVar[bool] = True

    host: str
    cluster: str
    node: str = ""
    force: bool = False
    unseen: bool = False

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` leaving {self.cluster}" if self.node else f"`{self.host}` giving up its pending join"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` is in no cluster"

    @property
    def query(self) -> FactsQuery:
        """The host itself."""
        return FactsQuery(hosts=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """A member that leaves counts on and answers no more; with the last one there is no Raft any more."""
        return members.left(self.node) if members.reachable.keys() == {self.node} else members.stopped(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """The host has left, and the managers have seen it."""
        host = facts.hosts.get(self.host)
        if host is None or not host.answers or not self._has_left(host):
            return False
        if self.unseen or not self.node:
            return True
        return facts.swarm is not None and ((record := facts.swarm.node(self.node)) is None or record.state == "down")

    def progress(self, facts: Facts) -> str:
        """How the managers see it meanwhile."""
        record = facts.swarm.node(self.node) if facts.swarm else None
        return f"the managers see it {record.state} still" if record and record.state != "down" else ""

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Leave, unless the host has done so and is only not yet seen down."""
        if self._has_left(facts.host(self.host)):
            return
        if not self.node:
            self._refuse_arrived(facts.host(self.host))
        elif not self.unseen:
            self._refuse_member(facts)
        engines[self.host].leave_swarm(force=self.force)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell what the host's engine says."""
        del engines
        host = facts.hosts.get(self.host)
        if host is None or not host.answers:
            truth = f"`{self.host}` does not answer: whether it has left is not known."
        elif self._has_left(host):
            truth = f"`{self.host}` has left; the managers see it {self._state(facts)}."
        else:
            truth = f"`{self.host}` is `{host.membership}` still."
        return Failed(error.happened, true_now=truth, next_step=error.next_step or "`/swarm status`, then Retry.")

    def _refuse_arrived(self, host: HostFacts) -> None:
        """The join that was left pending may have come through since this was planned: then a member would leave."""
        if host.failure is not None:
            raise Failed(host.failure.happened, next_step=host.failure.next_step)
        if not host.joining:
            step = "Ask again: it goes the whole way out then."
            raise Refused(f"`{self.host}` is in a cluster meanwhile.", next_step=step)

    def _refuse_member(self, facts: Facts) -> None:
        """A promotion may have arrived in Raft since this was planned; a member that leaves is a dead one there."""
        if facts.swarm is None:
            raise Failed(f"No manager of {self.cluster} with a quorum could be read: `{self.host}` was not let go.")
        record = facts.swarm.node(self.node)
        if record is not None and record.reachability:
            raise Refused(f"`{self.host}` is a manager meanwhile.", next_step="Ask again: it is demoted first then.")

    def _has_left(self, host: HostFacts) -> bool:
        """Whether the membership that is meant is over; a new one is not this order's to end."""
        if not host.answers:
            return False
        return host.membership == "inactive" or (bool(self.node) and host.in_a_swarm and host.node_id != self.node)

    def _state(self, facts: Facts) -> str:
        record = facts.swarm.node(self.node) if facts.swarm else None
        return record.state if record else "no more"


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
        reading_manager(engines, facts).remove_node(self.node, force=self.force)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell how the record stands."""
        del engines
        record = facts.swarm.node(self.node) if facts.swarm else None
        truth = f"`{self.name}` is listed still, {record.state}." if record else f"{self.cluster} cannot be read."
        return Failed(error.happened, true_now=truth, next_step=error.next_step or "`/swarm status`, then Retry.")
