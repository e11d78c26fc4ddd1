"""The members of Raft: which of them are reachable, and which reach each other, according to the facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from types import MappingProxyType
from typing import Final

from bot.model import ClusterFacts, Facts, HostFacts, NodeFacts, RaftMembers, Reach, ip_of
from bot.swarm.quorum.arithmetic import Quorum, quorum_of

ENGINE_DOWN: Final = frozenset(
    {"no route", "timed out", "refused", "no docker", "docker stopped", "lost", "engine error", "slow"}
)
"""Host failures with which its manager counts as unreachable, even if the other managers have not noticed yet."""


def reported_quorum(swarm: ClusterFacts) -> Quorum:
    """Return the quorum as the managers report it now."""
    return quorum_of(_reported_members(swarm))


def has_quorum(facts: Facts) -> bool:
    """Return whether the cluster could be read and its managers report a quorum."""
    return facts.swarm is not None and reported_quorum(facts.swarm).tolerates >= 0


def known_leader(facts: Facts) -> NodeFacts | None:
    """Return the leader; None if none is named, or if facts contradict it: no quorum, or its own host is down.

    Managers name a leader from memory for up to 28 s (docs/swarm-behaviour.md#managers-and-raft).
    """
    leader, members = facts.swarm.leader if facts.swarm else None, raft_members(facts)
    doubted = leader is None or not members.reachable.get(leader.id) or quorum_of(members).tolerates < 0
    return None if doubted else leader


def manager_states(facts: Facts) -> Mapping[str, str]:
    """Return what each manager is in Raft, by node id, as far as facts do not contradict what the managers report."""
    leader, reachable = known_leader(facts), raft_members(facts).reachable

    def state(node: NodeFacts) -> str:
        if node == leader:
            return "leader"
        off = node.reachability == "reachable" and not reachable.get(node.id)
        return "unreachable" if off else node.raft_state

    return {node.id: state(node) for node in (facts.swarm.managers if facts.swarm else ())}


def raft_members(facts: Facts) -> RaftMembers:
    """Return the members of Raft, which of them are reachable now, and which do not reach each other.

    Managers notice the failure of a peer seconds late, and managers without a quorum answer from memory for up to 28 s
    (docs/decisions/0009). So a manager counts as unreachable if its host was read and is down, even if the managers
    report otherwise. Two managers that could not connect to each other count as cut, even if the leader reaches both
    (docs/decisions/0019).
    """
    if facts.swarm is None:
        return RaftMembers()
    seen = _reported_members(facts.swarm).reachable
    down = {node.id for node in facts.swarm.managers if _is_down(facts, node)}
    return RaftMembers(MappingProxyType({node: up and node not in down for node, up in seen.items()}), _cuts(facts))


def possible_raft_members(facts: Facts) -> list[RaftMembers]:
    """Return every possible state of Raft now; :func:`raft_members` comes first.

    Managers notice a return as late as a failure: a manager that they call unreachable while its host answers may be
    back.
    """
    cautious = raft_members(facts)
    managers = facts.swarm.managers if facts.swarm else ()
    unsure = [node.id for node in managers if not cautious.reachable.get(node.id, True) and _may_be_back(facts, node)]
    back = (each for number in range(len(unsure) + 1) for each in combinations(unsure, number))
    return [
        replace(cautious, reachable=MappingProxyType({**cautious.reachable, **dict.fromkeys(nodes, True)}))
        for nodes in back
    ]


def _reported_members(swarm: ClusterFacts) -> RaftMembers:
    members = {node.id: node.reachability == "reachable" for node in swarm.managers if node.reachability}
    return RaftMembers(MappingProxyType(members))


def _cuts(facts: Facts) -> frozenset[frozenset[str]]:
    """Return the pairs of members where one could not connect to the other.

    An unknown route counts as open, as the leader reports; the plan warns of it
    (:func:`bot.swarm.quorum.advice.connection_warnings`).
    """
    managers = facts.swarm.managers if facts.swarm else ()
    last_counts = sorted(managers, key=lambda node: node.reachability == "reachable")  # docs/decisions/0011
    addresses = {node.raft_address: node.id for node in last_counts if node.reachability}
    return frozenset(
        frozenset((node.id, addresses[address]))
        for node in managers
        for address, met in _peers(facts, node).items()
        if met not in {"open", "unknown"} and addresses.get(address, node.id) != node.id
    )


def _peers(facts: Facts, node: NodeFacts) -> Mapping[str, Reach]:
    host = facts.hosts.get(node.host)
    return host.peer_reach if host is not None else {}


def _may_be_back(facts: Facts, node: NodeFacts) -> bool:
    """Return whether a manager may be back. One that cannot reach the present leader may reach the next one."""
    host = facts.hosts.get(node.host)
    return host is not None and (host.membership == "active" if host.responds else not _is_down(facts, node))


def _is_down(facts: Facts, node: NodeFacts) -> bool:
    """A locked engine answers and manages nothing; an engine without a leader reports that as its error."""
    host = facts.hosts.get(node.host)
    if host is None:
        return _has_gone(facts, node)
    if host.failure is not None:
        return host.failure.problem in ENGINE_DOWN and not _is_heard(facts, node, host)
    return host.membership != "active" or bool(host.swarm_error)


def _has_gone(facts: Facts, node: NodeFacts) -> bool:
    """Return whether the machine at the node's address answers and is in no cluster or is another node."""
    address = ip_of(node.raft_address)
    at_it = [host for host in facts.hosts.values() if host.responds and address in {host.address, host.node_address}]
    return any(host.membership != "locked" and host.node_id != node.id for host in at_it)


def _is_heard(facts: Facts, node: NodeFacts, host: HostFacts) -> bool:
    """Return whether a member connects to a host that does not answer Swarmbot: then Swarmbot is cut off, not the host.

    This does not hold if Swarmbot reached the engine and it hangs: the kernel still accepts connections for it.
    """
    if host.failure is not None and host.failure.problem == "engine error":
        return False
    members = facts.swarm.managers if facts.swarm else ()
    return host.reach_from_managers == "open" or any(
        _peers(facts, other).get(node.raft_address) == "open" for other in members
    )
