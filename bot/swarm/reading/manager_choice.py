"""Chooses the manager from which the cluster is read, and the one that can be stopped for a backup. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.blocks import tick
from bot.errors import Refused
from bot.model import ClusterFacts, Facts, HostFacts, NodeFacts
from bot.swarm.quorum.advice import adding_text


def choose_backup_manager(facts: Facts, swarm: ClusterFacts) -> NodeFacts:
    """Return the manager to back up: ready, not the leader, in the quorum, and with the fewest tasks.

    Raise Refused if there is none.
    """
    able = [
        node
        for node in swarm.managers
        if not node.leader and (host := facts.hosts.get(node.host)) and is_in_quorum(host, node)
        if not host.live_restore
    ]
    if able:
        return min(able, key=lambda node: swarm.task_counts.get(node.id, 0))
    _refuse_the_only_one(facts, swarm)
    raise Refused(
        f"{facts.name} has no manager that can be backed up: it must be reachable, respond over SSH and not lead.",
        true_now="Nothing was changed.",
        next_step="`/swarm status` shows what is wrong.",
    )


def require_backup_manager(facts: Facts, swarm: ClusterFacts, name: str) -> NodeFacts:
    """Return the named manager. Raise Refused if it cannot be stopped for a backup."""
    _refuse_the_only_one(facts, swarm)
    node = facts.member(name)
    host = facts.host(name)
    if host.failure:
        raise Refused(host.failure.happened, true_now="Nothing was changed.", next_step=host.failure.next_step)
    if node is None or node.role != "manager":
        what = f"a worker of {facts.name}" if node else f"not a node of {facts.name}"
        raise Refused(
            f"{tick(name)} is {what}: only managers have the cluster's state.",
            true_now="Nothing was changed.",
            next_step="Leave out the host: then Swarmbot chooses a suitable manager.",
        )
    if node.leader:
        raise Refused(
            f"{tick(name)} is the leader of {facts.name}. A backup stops its engine, and {facts.name} could not be "
            "managed until there is another leader.",
            true_now="Nothing was changed.",
            next_step="Leave out the host: then Swarmbot chooses a suitable manager.",
        )
    if not is_in_quorum(host, node):
        raise Refused(
            f"{tick(name)} is cut off from the other managers of {facts.name}: its state may be out of date.",
            true_now="Nothing was changed.",
            next_step="Leave out the host: then Swarmbot chooses a suitable manager.",
        )
    if host.live_restore:
        raise Refused(
            f"{tick(name)} has live-restore enabled. A backup stops its engine, and it would not start again.",
            true_now="Nothing was changed.",
            next_step="Leave out the host: then Swarmbot chooses a suitable manager.",
        )
    return replace(node, host=name)


def is_in_quorum(host: HostFacts | None, node: NodeFacts) -> bool:
    """Return whether a manager reports a quorum and the other managers reach it."""
    return host is not None and host.can_read_cluster and node.ready


def _refuse_the_only_one(facts: Facts, swarm: ClusterFacts) -> None:
    if len(swarm.managers) == 1:
        raise Refused(
            f"{facts.name} has one manager. A backup stops its engine, and {facts.name} could not be managed during "
            "that time.",
            true_now="Nothing was changed.",
            next_step=f"Add two managers first: {adding_text(facts, 2)}.",
        )


def readable_managers(hosts: Mapping[str, HostFacts], cluster_id: str = "") -> list[str]:
    """Return the managers that the cluster can be read from, the best first.

    The cluster is ``cluster_id``, otherwise the one with the most hosts: a host of swarmbot.yml may be in a cluster of
    its own. The manager that reaches the most peers comes first: a leader that is cut off answers from memory until it
    notices (docs/swarm-behaviour.md#managers-and-raft).
    """
    able = {name: host for name, host in hosts.items() if host.can_read_cluster}
    wanted = cluster_id or _largest_cluster(hosts, able)
    members = [name for name, host in able.items() if host.swarm_id == wanted]
    return sorted(members, key=lambda name: -[*hosts[name].peer_reach.values()].count("open"))


def _largest_cluster(hosts: Mapping[str, HostFacts], able: Mapping[str, HostFacts]) -> str:
    """Return the id of the cluster that has the most hosts; of equals, the first in swarmbot.yml.

    A worker does not know the id of its cluster, but the addresses of its managers.
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
