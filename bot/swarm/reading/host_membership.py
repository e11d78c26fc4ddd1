"""The membership of a host that is in a swarm but not in this cluster. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from bot.blocks import plain_line
from bot.model import Facts, Finding, HostFacts, NodeFacts, ip_of
from bot.text.suggest import listed

_LEAVE: Final = "run `docker swarm leave --force` on the host."


def membership_conflict(facts: Facts, host: HostFacts) -> Finding:
    """Return why a host that is in a swarm but not in this cluster cannot join, and which swarm it is in."""
    if host.membership in {"locked", "error"}:
        return _not_started(facts, host)
    if _awaits_quorum_here(facts, host):
        text = f"`{host.name}` is a manager of {facts.name}. It has started and has no quorum yet (`pending`)."
        step = "It becomes `active` when enough managers are back (see `/swarm status`). Then run the command again."
        return Finding("failed", text, host.name, step)
    if was_removed(facts, host):
        text = f"`{host.name}` was removed from {facts.name} but still has its old membership."
        return Finding("failed", text, host.name, f"Run `/swarm leave {host.name}` first.")
    if is_membership_unknown(facts, host):
        text = f"`{host.name}` is {unknown_cluster_text(facts, host)}. Whether that is {facts.name} is unknown."
        return Finding("failed", text, host.name, "`/swarm status` shows what is wrong.")
    text = f"`{host.name}` is a member of another cluster: {other_cluster_text(facts, host)}."
    step = "To take it out of that cluster, run `docker swarm leave` on the host; demote a manager there first."
    if names := foreign_cluster_names(facts, host):
        step = f"It must leave that cluster first: ask in the channel of {names}."
    return Finding("failed", text, host.name, step)


def _not_started(facts: Facts, host: HostFacts) -> Finding:
    """Return why a host's engine does not run its membership. Its disk may have the only copy of the state."""
    recorded = facts.swarm is None or any(node.host == host.name for node in facts.swarm.nodes)
    or_leave = "" if recorded else f", or {_LEAVE}"
    if host.membership == "locked":
        text = f"`{host.name}` is locked: its engine waits for the unlock key of its cluster."
        return Finding("failed", text, host.name, f"Run `/swarm unlock {host.name}`{or_leave or '.'}")
    reason = swarm_error_text(host)
    if node := failed_record(facts, host):
        text = f"`{host.name}` is a node of {facts.name}, but its engine cannot start this membership: {reason}"
        return Finding("failed", text, host.name, f"Fix the error, or {discard_text(host, node)}.")
    text = f"`{host.name}` is a member of a cluster, but its engine reports an error: {reason}"
    return Finding("failed", text, host.name, f"Fix the error{or_leave or '.'}")


def swarm_error_text(host: HostFacts) -> str:
    """Return why an engine does not start its membership, in its own words."""
    return plain_line(host.swarm_error.rstrip(": ")) or "no reason given"


def failed_record(facts: Facts, host: HostFacts) -> NodeFacts | None:
    """Return the record of a host whose engine cannot start its membership; None if no record or several may be it.

    Such an engine may not report its node id; a ready node is another host.
    """
    if host.membership != "error" or facts.swarm is None:
        return None
    records = [node for node in facts.swarm.nodes if node.host == host.name and node.state != "ready"]
    return records[0] if len(records) == 1 else None


def discard_text(host: HostFacts, node: NodeFacts) -> str:
    """Return how to discard a membership that cannot start."""
    again = f"`/swarm join {node.role} {host.name}`"
    return f"discard the membership: `/swarm leave {host.name} --force`, then {again}"


def was_removed(facts: Facts, host: HostFacts) -> bool:
    """Return whether a host without a node record here still has a membership of this cluster: it was removed.

    A manager knows the id of its cluster; a worker knows only the addresses of its managers.
    """
    if facts.swarm is None or not host.in_swarm or facts.member(host.name) is not None:
        return False
    if host.swarm_id:
        return host.swarm_id == facts.swarm.id
    return not {node.raft_address for node in facts.swarm.managers}.isdisjoint(host.managers)


def is_membership_unknown(facts: Facts, host: HostFacts) -> bool:
    """Return whether a host is part of a swarm and nothing that was read says which.

    Either this cluster could not be read, or the host's engine names no cluster and no managers.
    """
    if not host.in_swarm or foreign_cluster_names(facts, host) or facts.member(host.name) is not None:
        return False
    return facts.swarm is None or not (host.swarm_id or host.managers)


def _awaits_quorum_here(facts: Facts, host: HostFacts) -> bool:
    """Return whether a manager that waits for a quorum belongs to this cluster, as far as can be read."""
    if not host.awaits_quorum:
        return False
    return facts.member(host.name) is not None if facts.swarm else not foreign_cluster_names(facts, host)


def inactive_host_of(hosts: Iterable[HostFacts], node: NodeFacts) -> HostFacts | None:
    """Return the host that a node record is of, if it responds and its engine says that it is in no cluster."""
    if node.host:
        return None
    named = (host for host in hosts if host.hostname == node.hostname and node.address in {"", host.address})
    return next((host for host in named if host.responds and host.membership == "inactive"), None)


def inactive_managers(hosts: Collection[HostFacts]) -> list[HostFacts]:
    """Return the hosts whose engine says that it is in no cluster, and that members of one name as a manager."""
    named = {address for host in hosts if host.in_swarm for address in host.managers}
    found = {host.name: host for address in named if (host := host_at(hosts, address))}
    return [host for host in found.values() if host.responds and host.membership == "inactive"]


def host_at(hosts: Iterable[HostFacts], address: str) -> HostFacts | None:
    """Return the host that advertises an address (``IP:2377``), has it on an interface, or in swarmbot.yml."""
    ip = ip_of(address)
    hosts = list(hosts)
    for host in hosts:
        if host.responds and ip in {host.node_address, *(each for card in host.interfaces for each in card.addresses)}:
            return host
        if host.stopped is not None and host.stopped.address == ip:
            return host
    return next((host for host in hosts if host.address == ip), None)


def membership_text(facts: Facts, host: HostFacts) -> str:
    """Return the membership of a host without a node record here, to follow "is": "not part of any cluster"."""
    if host.membership in {"inactive", "locked"}:
        return "not part of any cluster" if host.membership == "inactive" else f"locked: `/swarm unlock {host.name}`"
    error = f": {plain_line(host.swarm_error)}" if host.swarm_error else ""
    if not host.runs_as_member:
        stopped = {"error": "unable to start its membership", "active": "a member whose swarm has stopped"}
        until = " until its engine restarts" if host.swarm_stopped else ""
        return f"{stopped.get(host.membership, host.membership)}{until}{error}"
    if was_removed(facts, host):
        return f"removed from {facts.name} but still has its old membership"
    if is_membership_unknown(facts, host):
        return f"{unknown_cluster_text(facts, host)}{error}"
    return f"a member of another cluster: {other_cluster_text(facts, host)}"


def unknown_cluster_text(facts: Facts, host: HostFacts) -> str:
    """Return what is known of a membership that may be of this cluster: "a worker of a cluster that cannot be read"."""
    if host.awaits_quorum:
        return f"a manager of {facts.name} that has started and has no quorum yet"
    role = "manager" if host.is_manager else "member"
    why = "whose managers cannot be read" if facts.swarm is None else "that its engine does not name"
    return f"a {role} of a cluster {why}"


def other_cluster_text(facts: Facts, host: HostFacts) -> str:
    """Return the other cluster in words: its name if swarmbot.yml has one of its managers, or its id and managers."""
    if names := foreign_cluster_names(facts, host):
        return names
    own = [other.name for other in facts.hosts.values() if other.address in set(map(ip_of, host.managers))]
    managers = ", ".join(host.managers) or "unknown"
    shown = f"managers {managers}" + (f" ({', '.join(f'`{name}`' for name in own)})" if own else "")
    return f"`{host.swarm_id}`, {shown}" if host.swarm_id else f"the one with {shown}"


def foreign_cluster_names(facts: Facts, host: HostFacts) -> str:
    """Return the names of the clusters in swarmbot.yml whose hosts manage this one; "" if there are none."""
    names = {facts.other_clusters[address] for address in map(ip_of, host.managers) if address in facts.other_clusters}
    return listed(f"`{name}`" for name in sorted(names))
