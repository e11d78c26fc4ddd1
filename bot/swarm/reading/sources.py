"""Through which hosts a cluster is read, and which cluster that is. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model import HostFacts


def sources(hosts: Mapping[str, HostFacts], cluster_id: str = "") -> list[str]:
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
