"""Which node record belongs to which host, and which record a name means. Pure.

A host that was wiped and joined again has a second record; its first record stays in the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.blocks import echo, tick
from bot.errors import Failed, NoLeader, NotUnderstood
from bot.model import ClusterFacts, Engines, Facts, Finding, HostFacts, NodeFacts, ip_of
from bot.text.suggest import did_you_mean, listed

MAX_LISTED = 12
"""The number of nodes that a message names."""


def require_cluster(facts: Facts) -> ClusterFacts:
    """Return the cluster. Raise Failed if no manager with a quorum could be read."""
    if facts.swarm is None:
        raise no_readable_cluster(facts)
    return facts.swarm


def no_readable_cluster(facts: Facts, true_now: str = "") -> Failed:
    """Return the error that no cluster could be read: no responding host is in one, or no manager has a quorum.

    Hosts that do not respond may be missing from the facts. So it is unknown whether there is a cluster at all.
    """
    hosts = facts.hosts.values()
    if hosts and all(host.responds and host.membership == "inactive" for host in hosts):
        return Failed(
            f"No host of {facts.name} that responds is part of a cluster.",
            true_now=true_now,
            next_step="`/swarm status` shows which hosts do not respond. If there is no cluster yet, create one: "
            "`/swarm init HOST`.",
        )
    return NoLeader(
        f"No manager of {facts.name} that has a quorum could be read.",
        true_now=true_now,
        next_step="`/swarm status` shows what is wrong.",
    )


def find_nodes(facts: Facts, name: str) -> list[NodeFacts]:
    """Return the records that ``name`` means: by name in swarmbot.yml, host name or prefix of an id.

    Old records of a host come after the record that replaced them. Raise NotUnderstood with the nearest name if there
    is none.
    """
    swarm = require_cluster(facts)
    host = facts.member(name)
    named = [record for record in swarm.nodes if name in {record.name, record.hostname} or record == host]
    old = [record for record in swarm.nodes if replacement_of(swarm, record) in named]
    found = [record for record in named if record not in old] + old
    found = found or [record for record in swarm.nodes if record.id.startswith(name)]
    if found:
        return found
    if name in facts.hosts:
        refuse_unidentified_host(facts, name)
        raise NotUnderstood(
            f"{tick(name)} is not a node of {facts.name}.",
            next_step=f"If it should be one: `/swarm join worker {name}`.",
        )
    names = [record.name for record in swarm.nodes]
    listed = ", ".join(map(tick, names[:MAX_LISTED]))
    closest = did_you_mean(name, names)
    raise NotUnderstood(f"{facts.name} has no node {echo(name)}.{closest}", next_step=f"Nodes: {listed}.")


def refuse_unidentified_host(facts: Facts, host: str) -> None:
    """Raise NotUnderstood if a record without a known host may belong to ``host``, which cannot report its node id."""
    swarm, machine = require_cluster(facts), facts.hosts.get(host)
    records = [record for record in swarm.nodes if not record.host and not replacement_of(swarm, record)]
    if machine is None or not hides_node_id(machine) or not records:
        return
    why = "does not respond" if machine.failure else "is locked" if machine.membership == "locked" else "has failed"
    listed = ", ".join(
        f"{tick(record.id)} ({tick(record.hostname)}, {record.state})" for record in records[:MAX_LISTED]
    )
    raise NotUnderstood(
        f"{tick(host)} {why}, so it is unknown which node of {facts.name} it is, if any.",
        next_step=f"Use the id of the node: {listed}.",
    )


def unambiguous_name(swarm: ClusterFacts, node: NodeFacts) -> str:
    """Return a name that only this record has: its name, or its id if another record has the same name."""
    is_alone = node.host or sum(other.name == node.name for other in swarm.nodes) == 1
    return node.name if is_alone else node.id


def find_node(facts: Facts, name: str) -> NodeFacts:
    """Return the one record that ``name`` means, not an old record of the same host.

    Raise NotUnderstood with the ids if several hosts have this name. :func:`duplicate_findings` reports old records.
    """
    found = find_nodes(facts, name)
    swarm = require_cluster(facts)
    if len(found) == 1 or all(replacement_of(swarm, other) == found[0] for other in found[1:]):
        return found[0]
    listed = ", ".join(f"{tick(record.id)} ({record.role}, {record.state})" for record in found)
    raise NotUnderstood(
        f"{tick(name)} means {len(found)} nodes of {facts.name}: {listed}.", next_step="Use the id of one of them."
    )


def replacement_of(swarm: ClusterFacts, node: NodeFacts) -> NodeFacts | None:
    """Return the ready record of the same host that replaced ``node``; None if ``node`` may be a host of its own.

    It is the same host if host name and address are equal, as far as both are known. A record may be old if it is down,
    or if it is a manager that Raft does not reach.
    """
    if node.state == "ready" and node.reachability != "unreachable":
        return None
    others = (other for other in swarm.nodes if other.id != node.id and other.ready)
    return next((other for other in others if _same_host(node, other)), None)


def duplicate_findings(facts: Facts, node: NodeFacts) -> tuple[Finding, ...]:
    """Return a finding that names the old records of the node's host, which a plan for ``node`` does not change."""
    nodes = facts.swarm.nodes if facts.swarm else ()
    old = [other for other in nodes if facts.swarm and replacement_of(facts.swarm, other) == node]
    if not old:
        return ()
    records = listed(f"{tick(other.id)} ({other.role}, {other.state})" for other in old)
    text = f"{tick(node.name)} means the node {tick(node.id)}; old records of this host are not changed: {records}"
    return (Finding("warning", text, node.name),)


def _same_host(first: NodeFacts, second: NodeFacts) -> bool:
    one, other = _address(first), _address(second)
    return first.hostname == second.hostname and (one == other or not one or not other)


def _address(node: NodeFacts) -> str:
    return ip_of(node.raft_address) or node.address


def assign_hosts(
    records: Sequence[NodeFacts], hosts: Mapping[str, HostFacts], engines: Engines
) -> tuple[NodeFacts, ...]:
    """Return the records with the names of their hosts in swarmbot.yml.

    The node id that a host reports decides. A host that was not read or is locked reports none: then the address that
    the managers see decides, then a host name that is equal to the name in swarmbot.yml.
    """
    by_id: dict[str, list[str]] = {}
    for name, facts in hosts.items():
        if facts.responds and facts.node_id:
            by_id.setdefault(facts.node_id, []).append(name)
    no_readable_cluster = {name for name in engines.names() if name not in hosts or hides_node_id(hosts[name])}
    by_address = {engines.address(name): name for name in no_readable_cluster}

    def name_of(node: NodeFacts) -> str:
        address = ip_of(node.raft_address) or node.address
        if named := by_id.get(node.id):  # several are copies of one machine: the managers see one of them
            return next((name for name in named if engines.address(name) == address), named[0])
        return by_address.get(address) or (node.hostname if node.hostname in no_readable_cluster else "")

    named = ((node, name_of(node)) for node in records)
    return tuple(replace(node, host=name) if name != node.host else node for node, name in named)


def hides_node_id(facts: HostFacts) -> bool:
    """Return whether the host cannot report its node id: it does not respond, is locked, or has failed."""
    return not facts.responds or facts.membership == "locked" or (facts.membership == "error" and not facts.node_id)
