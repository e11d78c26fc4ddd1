"""Raft's arithmetic: how many managers there are, how many are needed, how many more may fail."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Final

from bot.plan import ClusterFacts, Facts, Members, NodeFacts

DOWN: Final = frozenset({"no route", "timed out", "refused", "no docker", "docker stopped", "lost", "engine error"})
"""Troubles of a host with which its manager is taken for gone, whatever the others have noticed yet."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """``managers`` counts the members of Raft, the unreachable included; ``reachable`` those that it hears now.

    A manager's record is not always a member of Raft: a failed join leaves one that never was, and
    ``force-new-cluster`` makes one of each other manager (measured on 20.10: role manager, no ManagerStatus).
    """

    managers: int
    reachable: int

    @property
    def needed(self) -> int:
        """How many must be reachable: ⌊N/2⌋ + 1."""
        return self.managers // 2 + 1

    @property
    def survives(self) -> int:
        """How many more reachable managers may fail before the quorum is lost; negative when it is lost."""
        return self.reachable - self.needed


def quorum_of(swarm: ClusterFacts) -> Quorum:
    """The quorum as the managers see it now."""
    return count(_raft(swarm))


def count(members: Members) -> Quorum:
    """The quorum that these members have."""
    return Quorum(len(members.reachable), sum(members.reachable.values()))


def members_of(facts: Facts) -> Members:
    """The members of Raft, and who of them is reachable now.

    Managers notice a peer's death seconds late, and those that lost the quorum answer from memory for up to 28 s
    (docs/decisions/0009): a manager whose host was looked at and is down counts as unreachable whatever they say.
    """
    if facts.swarm is None:
        return Members()
    seen = _raft(facts.swarm).reachable
    down = {node.id for node in facts.swarm.managers if _is_down(facts, node)}
    return Members(MappingProxyType({node: up and node not in down for node, up in seen.items()}))


def possible(facts: Facts) -> list[Members]:
    """All that Raft may be now, :func:`members_of` first.

    Managers notice a return as late as a death: one that they call unreachable while its host answers may be back.
    """
    cautious = members_of(facts)
    managers = facts.swarm.managers if facts.swarm else ()
    unsure = [node.id for node in managers if not cautious.reachable.get(node.id, True) and _may_be_back(facts, node)]
    back = (each for number in range(len(unsure) + 1) for each in combinations(unsure, number))
    return [Members(MappingProxyType({**cautious.reachable, **dict.fromkeys(nodes, True)})) for nodes in back]


def _raft(swarm: ClusterFacts) -> Members:
    members = {node.id: node.reachability == "reachable" for node in swarm.managers if node.reachability}
    return Members(MappingProxyType(members))


def _may_be_back(facts: Facts, node: NodeFacts) -> bool:
    return node.host in facts.hosts and not _is_down(facts, node)


def _is_down(facts: Facts, node: NodeFacts) -> bool:
    """A locked engine answers and manages nothing; one that has lost the leader says so in its error."""
    host = facts.hosts.get(node.host)
    if host is None or host.heard == "open":
        return False  # where its peers reach it, it is the bot that does not
    if host.trouble is not None:
        return host.trouble.problem in DOWN
    return host.membership != "active" or bool(host.swarm_error)
