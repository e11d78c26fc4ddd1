"""A cluster that has lost quorum: which managers it had, and which of them are there. Pure.

Without a leader no manager returns the node list, and ``/info`` does not even have the cluster's id. Every member still
reports ``RemoteManagers``: the addresses of all managers, including dead ones (measured on 20.10.24).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.blocks import tick
from bot.model import Facts, HostFacts, RaftPosition, ip_of
from bot.swarm.quorum import Quorum, has_quorum
from bot.swarm.quorum.lost_managers import regain_text
from bot.swarm.reading.host_membership import foreign_cluster_names, host_at
from bot.text.suggest import listed

OldManagerState = Literal["member", "left", "unclear", "stopped", "held off", "unreachable"]


@dataclass(frozen=True, slots=True)
class OldManager:
    """A manager that the cluster had before it lost quorum."""

    address: str
    """``IP:2377``."""
    host: HostFacts | None
    """Its host, if swarmbot.yml has it."""

    @property
    def name(self) -> str:
        """Return the name in swarmbot.yml, or else the address."""
        return self.host.name if self.host else ip_of(self.address)

    @property
    def state(self) -> OldManagerState:
        """Return the state of its host.

        ``member``: its engine answers and is still in the cluster. ``left``: its engine answers and is in no cluster.
        ``unclear``: its engine says so, and was not seen to keep no state of one: it may be starting or stopping.
        ``stopped``: its engine does not run, and is a member again once it starts. ``held off``: its engine does not
        run, and is in no cluster once it starts. ``unreachable``: nothing is known.
        """
        if self.host is not None and self.host.stopped is not None:
            return "held off" if self.host.stopped.held_off else "stopped"
        if self.host is None or not self.host.responds:
            return "unreachable"
        if self.host.membership != "inactive" or self.host.recovery_pending:
            return "member"
        return "left" if self.host.has_left else "unclear"

    @property
    def gone(self) -> bool:
        """Return whether it was seen not to run. This is unknown if it is neither gone nor a member."""
        if self.state == "unreachable":
            return bool(self.host and self.host.failure and self.host.failure.shows_no_engine)
        return self.state not in {"member", "unclear"}

    @property
    def missing(self) -> bool:
        """Return whether it is not known to work, and may be a manager when its host or engine is back."""
        return self.state in {"unreachable", "unclear"}

    @property
    def up(self) -> bool:
        """Return whether a missing manager responds over SSH: then it is not lost, even if it is declared lost."""
        failure = self.host.failure if self.host and self.state == "unreachable" else None
        return self.state == "unclear" or (failure is not None and failure.answers_over_ssh)


def old_managers(facts: Facts, host: HostFacts | None = None) -> tuple[OldManager, ...]:
    """Return the managers of the cluster of ``host``; without it, of all hosts that are in no other known cluster."""
    members = [other for other in facts.hosts.values() if other.in_swarm and not foreign_cluster_names(facts, other)]
    known = set(host.managers) if host else {address for other in members for address in other.managers}
    if host is not None:
        kin = [other for other in members if known & set(other.managers)]
        known |= {address for other in kin for address in other.managers}
    found = [OldManager(address, host_at(facts.hosts.values(), address)) for address in sorted(known)]
    order = [*facts.hosts]
    return tuple(sorted(found, key=lambda old: order.index(old.host.name) if old.host else len(order)))


def recovery_candidates(facts: Facts) -> list[HostFacts]:
    """Return the hosts that could become the only manager: the newest Raft log first, unread logs last.

    Of equal logs, one whose engine was not restarted since the loss comes first: a forced manager drops entries that
    its disk does not mark as committed, and that mark is written with the next entry, or when the engine stops.
    """
    stopped = stopped_swarms(facts)
    able = [
        host
        for host in facts.hosts.values()
        if (_is_working_manager(host) or host.membership == "locked" or host.recovery_pending or host in stopped)
        and not foreign_cluster_names(facts, host)
    ]
    read = sorted((host for host in able if host.raft_position), key=_log, reverse=True)
    return [*read, *(host for host in able if not host.raft_position)]


def quorum_among(olds: tuple[OldManager, ...]) -> Quorum:
    """Return the quorum of these managers: how many there were, and how many work now."""
    return Quorum(len(olds), sum(old.state == "member" and _is_working_manager(old.host) for old in olds))


def is_back_in_quorum(facts: Facts, host: str) -> bool:
    """Return whether ``host`` is a reachable manager of a cluster that has a quorum again."""
    node = facts.member(host)
    return node is not None and node.reachability == "reachable" and has_quorum(facts)


def locked_members(olds: tuple[OldManager, ...]) -> list[str]:
    """Return the locked managers if unlocking them restores quorum; [] otherwise."""
    quorum = quorum_among(olds)
    locked = [old.name for old in olds if old.host and old.state == "member" and old.host.membership == "locked"]
    return locked if locked and quorum.reachable + len(locked) >= quorum.needed else []


def regain_advice(facts: Facts) -> str:
    """Return what restores the quorum of a cluster that cannot be read; "" if a recovery is not the way."""
    olds = old_managers(facts)
    quorum = quorum_among(olds)
    if quorum.tolerates >= 0 or locked_members(olds):
        return ""
    missing = [old for old in olds if old.missing]
    return regain_text(quorum, [old.name for old in missing], [old.name for old in missing if not old.up])


def stopped_swarms(facts: Facts) -> list[HostFacts]:
    """Return the managers whose engine was seen to have stopped its swarm, as one that could not be forced does."""
    return [host for host in facts.hosts.values() if host.responds and host.swarm_stopped and host.is_manager]


def running_tasks_text(facts: Facts) -> str:
    """Return what still works of the tasks without a quorum, or without a leader."""
    stopped = listed(tick(host.name) for host in stopped_swarms(facts))
    but = f"; whether those on {stopped} do is unknown" if stopped else ""
    return f"running tasks continue{but}"


def _log(host: HostFacts) -> tuple[int, int, bool]:
    position = host.raft_position or RaftPosition(0, 0)
    return position.term, position.index, host.membership == "active"


def _is_working_manager(host: HostFacts | None) -> bool:
    return host is not None and host.responds and host.is_manager and host.runs_as_member
