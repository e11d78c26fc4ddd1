"""The steps of a recovery after a lost quorum: old managers leave or are held off, and then join again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.blocks import tick
from bot.errors import Failed, Refused, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, NodeFacts, Operation, RaftMembers
from bot.swarm.health.lost_quorum import is_back_in_quorum
from bot.swarm.health.preflight import preflight
from bot.swarm.operations.join import Join
from bot.swarm.operations.spec_updates import remove_record
from bot.swarm.quorum import has_quorum


@dataclass(frozen=True, slots=True)
class HoldOff(Operation):
    """Hold off an old manager whose engine is stopped: move its swarm state to another folder. Nothing is deleted.

    When the engine starts, the host is then not part of any cluster.
    """

    kind: ClassVar[str] = "hold-off"
    may_lose_manager: ClassVar[bool] = True

    host: str
    node: str
    """The host's node id."""
    cluster: str

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"holding off `{self.host}` by moving its swarm state"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.host}` is held off and cannot rejoin by itself"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the host and its disk."""
        return FactsQuery(hosts=(self.host,), stopped_engines=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Return the members with this one stopped: it counts until its record is removed."""
        return members.stopped(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether its state is moved, or its engine runs and is not part of the old cluster any more."""
        host = facts.hosts.get(self.host)
        if host is None or not host.responds:
            return host is not None and host.stopped is not None and host.stopped.held_off
        return host.membership == "inactive" or is_back_in_quorum(facts, self.host)

    def seen(self, facts: Facts) -> str:
        """Return the state with the folder of the swarm state, or why the host need not be held off any more."""
        stopped = facts.host(self.host).stopped
        held_off = f"{self.done}: its swarm state is in {tick(stopped.folder)}" if stopped else self.done
        return recovered_text(facts, self.host) or held_off

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Move the state. Raise Refused if there is a quorum again, or the engine runs again."""
        if has_quorum(facts):
            raise Refused(f"{self.cluster} has a quorum again, so `{self.host}` is not held off.")
        if facts.host(self.host).responds:
            raise Refused(f"the engine of `{self.host}` runs again.", next_step="`/swarm recover` makes it leave.")
        engines[self.host].hold_off()

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the state that its engine or its disk shows."""
        del engines
        host = facts.hosts.get(self.host)
        if host is not None and host.responds:
            state = f"The engine of `{self.host}` runs and is `{host.membership}`."
        elif host is not None and host.stopped is not None and not host.stopped.held_off:
            state = f"The engine of `{self.host}` is stopped; its swarm state is still in `{host.stopped.folder}`."
        else:
            state = f"Whether `{self.host}` is held off is unknown."
        step = "`/swarm recover` reads all hosts again and continues."
        return Failed(error.happened, true_now=state, next_step=error.next_step or step)


@dataclass(frozen=True, slots=True)
class LeaveLostCluster(Operation):
    """Make an old manager leave a cluster without a quorum: ``POST /swarm/leave`` with force on that host.

    The engine deletes its Raft state from the disk, so the host cannot rejoin by itself.
    """

    kind: ClassVar[str] = "leave-lost-cluster"
    timeout_s: ClassVar[float] = 60.0
    may_lose_manager: ClassVar[bool] = True

    host: str
    node: str
    """The host's node id; "" if the engine does not report it."""
    cluster: str

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"making `{self.host}` leave {self.cluster}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.host}` has left and cannot rejoin by itself"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the host."""
        return FactsQuery(hosts=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Return the members without this host."""
        return members.left(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether it is not part of any cluster or, in a plan run again after a crash, of the recovered one."""
        host = facts.hosts.get(self.host)
        if host is None or not host.responds:
            return False
        return host.membership == "inactive" or is_back_in_quorum(facts, self.host)

    def seen(self, facts: Facts) -> str:
        """Return that it left, or why it need not leave any more."""
        return recovered_text(facts, self.host) or self.done

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Make it leave. Raise Refused if there is a quorum again: the host may then be part of it."""
        if has_quorum(facts):
            raise Refused(f"{self.cluster} has a quorum again, so `{self.host}` does not have to leave.")
        engines[self.host].leave_swarm(force=True)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the state that its engine reports."""
        del engines
        host = facts.hosts.get(self.host)
        responds = host is not None and host.responds
        state = f"`{self.host}` is `{host.membership}`." if host and responds else f"`{self.host}` does not respond."
        step = f"`/swarm status`. If `{self.host}` is permanently lost: `/swarm recover --gone {self.host}`."
        return Failed(error.happened, true_now=state, next_step=error.next_step or step)


def recovered_text(facts: Facts, host: str) -> str:
    """Return that the host is a manager of a cluster with a quorum, in words; "" if it is not."""
    return (
        f"`{host}` is a reachable manager of {facts.name}, which has a quorum" if is_back_in_quorum(facts, host) else ""
    )


@dataclass(frozen=True, slots=True)
class RemoveOldRecords(Operation):
    """Remove a host's records, except that of its present membership: ``DELETE /nodes/{id}``.

    Only for a host that was seen to have left or to be held off. The record of an old manager that may come back must
    stay: it tells the manager that it was removed, and the manager then joins again. Two managers without records
    make a second cluster (docs/decisions/0015).
    """

    kind: ClassVar[str] = "remove-old-records"

    host: str
    node: str
    """The host's former node id; "" if it is unknown."""
    cluster: str

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"removing the old record of `{self.host}`"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{self.cluster} has no old record of `{self.host}`"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the host with its interfaces: records are matched by address too."""
        return FactsQuery(probe=(self.host,), stopped_engines=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the cluster has no old record of the host."""
        return facts.swarm is not None and self._is_out(facts) and not self._old(facts)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Remove the records. Raise Failed if the cluster or the host could not be read."""
        if facts.swarm is None or not self._is_out(facts):
            raise Failed(
                f"{self.cluster} or `{self.host}` could not be read.",
                true_now=f"The old record of `{self.host}` was not removed.",
                next_step=f"When `{self.host}` responds again: `/swarm join manager {self.host}`.",
            )
        for node in self._old(facts):
            remove_record(engines[facts.swarm.read_from], node)

    def _is_out(self, facts: Facts) -> bool:
        """Return whether its engine reports its membership, or its disk shows that it is held off."""
        host = facts.hosts.get(self.host)
        return host is not None and (host.responds or (host.stopped is not None and host.stopped.held_off))

    def _old(self, facts: Facts) -> list[NodeFacts]:
        """Return the records that are not of its present membership; a reachable one is in Raft and is not old."""
        host = facts.host(self.host)
        addresses = {host.address, *(address for card in host.interfaces for address in card.addresses)}
        present = host.node_id if host.membership != "inactive" else ""
        return [
            node
            for node in (facts.swarm.managers if facts.swarm else ())
            if node.reachability != "reachable"
            and node.id != present
            and (node.id == self.node or (node.hostname == host.hostname and node.address in addresses))
        ]


@dataclass(frozen=True, slots=True)
class Rejoin(Operation):
    """Join a host, as a manager, to the cluster that was recovered from ``source``.

    Unlike a :class:`Join`, the plan does not know the cluster's id: no engine reports it while there is no quorum.
    """

    kind: ClassVar[str] = "rejoin"
    timeout_s: ClassVar[float] = 60.0

    host: str
    cluster: str
    source: str
    """The manager that the cluster was recovered from."""
    advertise_addr: str

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"joining `{self.host}` to {self.cluster} as a manager again"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.host}` is a reachable manager of {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the host, with its examination, and for the source."""
        return FactsQuery(hosts=(self.source,), probe=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the host has joined the cluster that the source is in."""
        return is_back_in_quorum(facts, self.source) and self._join(facts).satisfied(facts)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Join the host. Raise Failed if the cluster cannot be read, or if the host's checks fail."""
        if not is_back_in_quorum(facts, self.source):
            raise Failed(f"`{self.source}` is not a reachable manager of a cluster with a quorum.")
        findings = preflight(facts, facts.host(self.host), "manager")
        if stops := [finding for finding in findings if finding.sign == "failed"]:
            raise Failed(
                stops[0].text, true_now=f"`{self.host}` is not part of any cluster.", next_step=stops[0].next_step
            )
        self._join(facts).apply(engines, facts)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error as a join does."""
        if not is_back_in_quorum(facts, self.source):
            return Failed(error.happened, true_now=error.true_now, next_step=error.next_step or "`/swarm status`.")
        return self._join(facts).settle(engines, facts, error)

    def _join(self, facts: Facts) -> Join:
        return Join(self.host, "manager", self.cluster, facts.cluster_id, self.advertise_addr)
