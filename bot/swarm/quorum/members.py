"""Who Raft's members are, who of them is reachable and who reaches whom, as facts tell it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from types import MappingProxyType
from typing import Final

from bot.model import ClusterFacts, Facts, HostFacts, NodeFacts, RaftMembers, Reach, ip_of
from bot.swarm.quorum.arithmetic import Quorum, quorum_of

ENGINE_DOWN: Final = frozenset(
    {"no route", "timed out", "refused", "no docker", "docker stopped", "lost", "engine error"}
)
"""Troubles of a host with which its manager is taken for gone, whatever the others have noticed yet."""


def reported_quorum(swarm: ClusterFacts) -> Quorum:
    """The quorum as the managers see it now."""
    return quorum_of(_reported_members(swarm))


def has_quorum(facts: Facts) -> bool:
    """Whether the cluster is read out, and its managers see themselves with a quorum."""
    return facts.swarm is not None and reported_quorum(facts.swarm).tolerates >= 0


def raft_members(facts: Facts) -> RaftMembers:
    """The members of Raft, who of them is reachable now, and who does not reach whom.

    Managers notice a peer's death seconds late, and those that lost the quorum answer from memory for up to 28 s
    (docs/decisions/0009): a manager whose host was looked at and is down counts as unreachable whatever they say, and
    two that were seen not to connect to each other as cut, though the leader may reach both (docs/decisions/0019).
    """
    if facts.swarm is None:
        return RaftMembers()
    seen = _reported_members(facts.swarm).reachable
    down = {node.id for node in facts.swarm.managers if _is_down(facts, node)}
    return RaftMembers(MappingProxyType({node: up and node not in down for node, up in seen.items()}), _cuts(facts))


def possible_raft_members(facts: Facts) -> list[RaftMembers]:
    """All that Raft may be now, :func:`raft_members` first.

    Managers notice a return as late as a death: one that they call unreachable while its host answers may be back.
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
    """Pairs of members of which one met no open port at the other. What nobody tried is taken for open."""
    managers = facts.swarm.managers if facts.swarm else ()
    last_counts = sorted(managers, key=lambda node: node.reachability == "reachable")  # docs/decisions/0011
    places = {node.raft_address: node.id for node in last_counts if node.reachability}
    return frozenset(
        frozenset((node.id, places[place]))
        for node in managers
        for place, met in _peers(facts, node).items()
        if met != "open" and places.get(place, node.id) != node.id
    )


def _peers(facts: Facts, node: NodeFacts) -> Mapping[str, Reach]:
    host = facts.hosts.get(node.host)
    return host.peers if host is not None else {}


def _may_be_back(facts: Facts, node: NodeFacts) -> bool:
    """Also one that misses only the present leader: it may reach the next."""
    host = facts.hosts.get(node.host)
    return host is not None and (host.membership == "active" if host.answers else not _is_down(facts, node))


def _is_down(facts: Facts, node: NodeFacts) -> bool:
    """A locked engine answers and manages nothing; one that has lost the leader says so in its error."""
    host = facts.hosts.get(node.host)
    if host is None:
        return _has_gone(facts, node)
    if host.failure is not None:
        return host.failure.problem in ENGINE_DOWN and not _is_heard(facts, node, host)
    return host.membership != "active" or bool(host.swarm_error)


def _has_gone(facts: Facts, node: NodeFacts) -> bool:
    """Whether the machine at its address answers, and is in no cluster or has another membership."""
    address = ip_of(node.raft_address)
    at_it = [host for host in facts.hosts.values() if host.answers and address in {host.address, host.node_address}]
    return any(host.membership != "locked" and host.node_id != node.id for host in at_it)


def _is_heard(facts: Facts, node: NodeFacts, host: HostFacts) -> bool:
    """Whether a member gets a connection to a host that does not answer the bot: then it is the bot that is cut off.

    Not so when the bot reached the engine and it hangs: the kernel takes connections for it all the same.
    """
    if host.failure is not None and host.failure.problem == "engine error":
        return False
    members = facts.swarm.managers if facts.swarm else ()
    return host.heard == "open" or any(_peers(facts, other).get(node.raft_address) == "open" for other in members)
