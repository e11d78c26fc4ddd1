"""The steps of a recovery after a lost quorum: old managers leave, are held off, and join again."""

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
    """``host`` in no cluster whenever its engine starts, seen on its disk. Nothing is deleted.

    ``node`` is its node id.
    """

    kind: ClassVar[str] = "hold-off"
    weakens: ClassVar[bool] = True

    host: str
    node: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` held off, its engine being stopped"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` is held off and cannot come back by itself"

    @property
    def query(self) -> FactsQuery:
        """The host, and its disk."""
        return FactsQuery(hosts=(self.host,), stopped_engines=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """It counts until its record is removed, and does not answer."""
        return members.stopped(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """Its state lies aside; or its engine runs again and is in no cluster, or in the recovered one."""
        host = facts.hosts.get(self.host)
        if host is None or not host.responds:
            return host is not None and host.stopped is not None and host.stopped.held_off
        return host.membership == "inactive" or is_back_in_quorum(facts, self.host)

    def seen(self, facts: Facts) -> str:
        """With the folder that its state lies in now; or, where it need not be any more, why."""
        stopped = facts.host(self.host).stopped
        held_off = f"{self.done}: its swarm state lies in {tick(stopped.folder)}" if stopped else self.done
        return recovered_text(facts, self.host) or held_off

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Move it, unless that is needed no more or not enough: a quorum is there again, or its engine is."""
        if has_quorum(facts):
            raise Refused(f"{self.cluster} has a quorum again, so `{self.host}` was not held off.")
        if facts.host(self.host).responds:
            raise Refused(f"The engine of `{self.host}` runs again.", next_step="`/swarm recover` makes it leave.")
        engines[self.host].hold_off()

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell what its disk, or its engine, says."""
        del engines
        host = facts.hosts.get(self.host)
        if host is not None and host.responds:
            truth = f"`{self.host}` answers and is `{host.membership}`."
        elif host is not None and host.stopped is not None and not host.stopped.held_off:
            truth = f"Its swarm state lies in `{host.stopped.folder}` as before, and its engine does not run."
        else:
            truth = f"It is not known whether `{self.host}` is held off."
        step = "`/swarm recover` looks at everything anew."
        return Failed(error.happened, true_now=truth, next_step=error.next_step or step)


@dataclass(frozen=True, slots=True)
class LeaveLostCluster(Operation):
    """``host`` in no cluster, seen by its own engine: its Raft state is gone from its disk, so it cannot come back.

    ``node`` is its node id, "" where the engine does not tell it.
    """

    kind: ClassVar[str] = "leave-lost-cluster"
    patience: ClassVar[float] = 60.0
    weakens: ClassVar[bool] = True

    host: str
    node: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` leaving what is left of {self.cluster}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` has left and cannot come back by itself"

    @property
    def query(self) -> FactsQuery:
        """The host itself."""
        return FactsQuery(hosts=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Without it."""
        return members.left(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """It is in no cluster; or, when this is begun anew after a crash, it has joined the recovered one already."""
        host = facts.hosts.get(self.host)
        if host is None or not host.responds:
            return False
        return host.membership == "inactive" or is_back_in_quorum(facts, self.host)

    def seen(self, facts: Facts) -> str:
        """That it left; or, where it need not any more, why."""
        return recovered_text(facts, self.host) or self.done

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Leave, unless there is a quorum again: then it may be one that counts."""
        if has_quorum(facts):
            raise Refused(f"{self.cluster} has a quorum again, so `{self.host}` was not made to leave.")
        engines[self.host].leave_swarm(force=True)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell what its engine says."""
        del engines
        host = facts.hosts.get(self.host)
        answers = host is not None and host.responds
        truth = f"`{self.host}` is `{host.membership}`." if host and answers else f"`{self.host}` does not answer."
        step = f"`/swarm status`; if `{self.host}` never comes back, `/swarm recover --gone {self.host}`."
        return Failed(error.happened, true_now=truth, next_step=error.next_step or step)


def recovered_text(facts: Facts, host: str) -> str:
    """That it is a manager of a cluster with a quorum, in words; "" where it is not so."""
    return (
        f"`{host}` is a reachable manager of {facts.name}, which has a quorum" if is_back_in_quorum(facts, host) else ""
    )


@dataclass(frozen=True, slots=True)
class RemoveOldRecords(Operation):
    """No record of ``host`` but that of its present membership. ``node``: the id that it had, "" if not known.

    Only of a host that was seen to have left, or to be held off. The record of an old manager that may come back is
    what keeps the cluster one: through it the manager is told that it is out and is taken in anew; two without records
    make a second cluster (docs/decisions/0015).
    """

    kind: ClassVar[str] = "remove-old-records"

    host: str
    node: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"removing the old record of `{self.host}`"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"{self.cluster} has no old record of `{self.host}`"

    @property
    def query(self) -> FactsQuery:
        """The host, with its interfaces: records are told by address too."""
        return FactsQuery(probe=(self.host,), stopped_engines=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """The cluster is read and has none."""
        return facts.swarm is not None and self._is_out(facts) and not self._old(facts)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Remove them."""
        if facts.swarm is None or not self._is_out(facts):
            raise Failed(
                f"{self.cluster} or `{self.host}` could not be read.",
                true_now=f"The old record of `{self.host}` stays.",
                next_step=f"Once `{self.host}` answers: `/swarm join manager {self.host}`.",
            )
        for node in self._old(facts):
            remove_record(engines[facts.swarm.read_from], node)

    def _is_out(self, facts: Facts) -> bool:
        """Whether its engine tells its membership, or its disk tells that it will have none."""
        host = facts.hosts.get(self.host)
        return host is not None and (host.responds or (host.stopped is not None and host.stopped.held_off))

    def _old(self, facts: Facts) -> list[NodeFacts]:
        """Records that are not of its present membership; where the quorum came back unforced, it is in Raft still."""
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
    """``host`` a reachable manager of the cluster that ``source`` is in.

    A :class:`Join` whose cluster is known only when it comes to it: without a quorum no engine tells the cluster's id.
    """

    kind: ClassVar[str] = "rejoin"
    patience: ClassVar[float] = 60.0

    host: str
    cluster: str
    source: str
    advertise_addr: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` joining {self.cluster} as a manager again"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` is a reachable manager of {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """The host closely, and the one that it joins."""
        return FactsQuery(hosts=(self.source,), probe=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """As a join is, into the cluster that the keeper is in."""
        return is_back_in_quorum(facts, self.source) and self._join(facts).satisfied(facts)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Look once more whether it can, then join."""
        if not is_back_in_quorum(facts, self.source):
            raise Failed(f"{self.cluster} cannot be read as the cluster that `{self.source}` is in.")
        findings = preflight(facts, facts.host(self.host), "manager")
        if stops := [finding for finding in findings if finding.sign == "failed"]:
            raise Failed(stops[0].text, true_now=f"`{self.host}` is in no cluster.", next_step=stops[0].next_step)
        self._join(facts).apply(engines, facts)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """As of a join."""
        if not is_back_in_quorum(facts, self.source):
            return Failed(error.happened, true_now=error.true_now, next_step=error.next_step or "`/swarm status`")
        return self._join(facts).settle(engines, facts, error)

    def _join(self, facts: Facts) -> Join:
        return Join(self.host, "manager", self.cluster, facts.cluster_id, self.advertise_addr)
