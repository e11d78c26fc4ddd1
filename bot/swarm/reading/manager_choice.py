"""Which manager can be away for a while, so that the cluster decides all the same. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.blocks import tick
from bot.errors import Refused
from bot.model import ClusterFacts, Facts, HostFacts, NodeFacts


def choose_backup_manager(facts: Facts, swarm: ClusterFacts) -> NodeFacts:
    """The manager that can best be away: it does not lead, is sound and reached, and runs the fewest tasks."""
    able = [node for node in swarm.managers if not node.leader and is_in_quorum(facts.hosts.get(node.host), node)]
    if able:
        return min(able, key=lambda node: swarm.tasks.get(node.id, 0))
    _refuse_the_only_one(facts, swarm)
    raise Refused(
        f"{facts.name} has no manager to take it from: it must be reachable, not lead, and answer over SSH.",
        true_now="Nothing was changed.",
        next_step="`/swarm status` shows what is wrong.",
    )


def require_backup_manager(facts: Facts, swarm: ClusterFacts, name: str) -> NodeFacts:
    """The manager that was asked for; Refused where it cannot be away."""
    _refuse_the_only_one(facts, swarm)
    node = facts.member(name)
    host = facts.host(name)
    if host.failure:
        raise Refused(host.failure.happened, true_now="Nothing was changed.", next_step=host.failure.next_step)
    if node is None or node.role != "manager":
        what = f"a worker of {facts.name}" if node else f"no node of {facts.name}"
        raise Refused(
            f"{tick(name)} is {what}: managers alone have the state.",
            true_now="Nothing was changed.",
            next_step="`/swarm backup` takes it from the manager that can best be away.",
        )
    if node.leader:
        raise Refused(
            f"{tick(name)} leads {facts.name}: while its engine was stopped {facts.name} would decide nothing until "
            "another leads.",
            true_now="Nothing was changed.",
            next_step="`/swarm backup` takes it from the manager that can best be away.",
        )
    if not is_in_quorum(host, node):
        raise Refused(
            f"{tick(name)} is cut off from the other managers of {facts.name}: its state may be an old one.",
            true_now="Nothing was changed.",
            next_step="`/swarm backup` takes it from the manager that can best be away.",
        )
    return replace(node, host=name)


def is_in_quorum(host: HostFacts | None, node: NodeFacts) -> bool:
    """Whether the engine of a manager takes itself for one that has a quorum, and the others reach it."""
    return host is not None and host.serves and node.ready


def _refuse_the_only_one(facts: Facts, swarm: ClusterFacts) -> None:
    if len(swarm.managers) == 1:
        raise Refused(
            f"{facts.name} has one manager: for a backup its engine is stopped, and {facts.name} would decide nothing "
            "meanwhile.",
            true_now="Nothing was changed.",
            next_step="`/swarm join manager HOST HOST` makes three.",
        )


def readable_managers(hosts: Mapping[str, HostFacts], cluster_id: str = "") -> list[str]:
    """The hosts that a cluster can be read through, the best first: ``cluster_id``, or the one that most hosts are in.

    A host of swarmbot.yml may be in a cluster of its own, made by hand. A leader that is cut off answers from memory
    until it notices (facts/swarm.md): who reaches most peers comes first.
    """
    able = {name: host for name, host in hosts.items() if host.serves}
    meant = cluster_id or _largest(hosts, able)
    members = [name for name, host in able.items() if host.swarm_id == meant]
    return sorted(members, key=lambda name: -[*hosts[name].peers.values()].count("open"))


def _largest(hosts: Mapping[str, HostFacts], able: Mapping[str, HostFacts]) -> str:
    """The id of the cluster that most hosts take themselves for members of; of equals the first in swarmbot.yml.

    A worker does not know the id, but its managers' addresses.
    """
    managers: dict[str, set[str]] = {}
    for host in able.values():
        managers.setdefault(host.swarm_id, set()).update(host.managers)

    def size(cluster_id: str) -> int:
        known = managers[cluster_id]
        return sum(
            host.swarm_id == cluster_id or (not host.swarm_id and not known.isdisjoint(host.managers))
            for host in hosts.values()
        )

    return max(managers, key=size, default="")
