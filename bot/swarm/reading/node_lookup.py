"""Which node of the cluster a person means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.blocks import tick
from bot.errors import Failed, NotUnderstood
from bot.model import ClusterFacts, Engines, Facts, Finding, HostFacts, NodeFacts, ip_of
from bot.text.suggest import listed, nearest

MAX_LISTED = 12


def require_cluster(facts: Facts) -> ClusterFacts:
    """The cluster; Failed when no manager with a quorum could be read."""
    if facts.swarm is None:
        raise no_readable_cluster(facts)
    return facts.swarm


def no_readable_cluster(facts: Facts, true_now: str = "") -> Failed:
    """Why there is no cluster to be read: no host that answers is in one, or no manager has a quorum.

    Hosts that do not answer may be missing among the facts, so that there is no cluster at all is not known.
    """
    hosts = facts.hosts.values()
    if hosts and all(host.answers and host.membership == "inactive" for host in hosts):
        return Failed(
            f"No host of {facts.name} that answers is in a cluster.",
            true_now=true_now,
            next_step="`/swarm status` shows who does not answer; if there is no cluster yet, `/swarm init HOST` makes "
            "one.",
        )
    return Failed(
        f"No manager of {facts.name} with a quorum could be read.",
        true_now=true_now,
        next_step="`/swarm status` says what is wrong.",
    )


def find_nodes(facts: Facts, name: str) -> list[NodeFacts]:
    """The records that ``name`` means: by name in swarmbot.yml, by host name, or by the beginning of an id.

    Old records of a host come after the one that took their place. NotUnderstood with the nearest name when there is
    none.
    """
    swarm = require_cluster(facts)
    named = [record for record in swarm.nodes if name in {record.name, record.hostname}]
    old = [record for record in swarm.nodes if replacement_of(swarm, record) in named]
    found = [record for record in named if record not in old] + old
    found = found or [record for record in swarm.nodes if record.id.startswith(name)]
    if found:
        return found
    if name in facts.hosts:
        refuse_unidentified_host(facts, name)
        raise NotUnderstood(f"{tick(name)} is not a node of {facts.name}.", next_step=f"`/swarm join worker {name}`")
    names = [record.name for record in swarm.nodes]
    near = nearest(name, names)
    closest = f" Closest: {tick(near)}." if near else ""
    listed = ", ".join(map(tick, names[:MAX_LISTED]))
    raise NotUnderstood(f"{facts.name} has no node {tick(name)}.{closest}", next_step=f"Nodes: {listed}.")


def refuse_unidentified_host(facts: Facts, host: str) -> None:
    """NotUnderstood where a record of no known host may be that of ``host``, which cannot tell."""
    swarm, machine = require_cluster(facts), facts.hosts.get(host)
    records = [record for record in swarm.nodes if not record.host and not replacement_of(swarm, record)]
    if machine is None or not hides_node_id(machine) or not records:
        return
    why = "does not answer" if machine.failure else "is locked"
    listed = ", ".join(
        f"{tick(record.id)} ({tick(record.hostname)}, {record.state})" for record in records[:MAX_LISTED]
    )
    raise NotUnderstood(
        f"{tick(host)} {why}, so which record of {facts.name} is its, if any, is not known.",
        next_step=f"Name it by its id: {listed}.",
    )


def unambiguous_name(swarm: ClusterFacts, node: NodeFacts) -> str:
    """What tells a record from all others: its name, or its id for an old record of a host that is in anew."""
    same = [other for other in swarm.nodes if other.name == node.name]
    return node.name if node.host or len(same) == 1 else node.id


def find_node(facts: Facts, name: str) -> NodeFacts:
    """The one record that ``name`` means: for who acts on a node, not the old records of its host.

    Of several hosts of one name NotUnderstood lists the ids. :func:`duplicate_findings`
    tells of old records.
    """
    found = find_nodes(facts, name)
    swarm = require_cluster(facts)
    if len(found) == 1 or all(replacement_of(swarm, other) == found[0] for other in found[1:]):
        return found[0]
    listed = ", ".join(f"{tick(record.id)} ({record.role}, {record.state})" for record in found)
    raise NotUnderstood(
        f"{tick(name)} means {len(found)} records of {facts.name}: {listed}.", next_step="Name one by its id."
    )


def replacement_of(swarm: ClusterFacts, node: NodeFacts) -> NodeFacts | None:
    """The ready record of the same host that took the place of ``node``; None if ``node`` may be a host of its own.

    It is the same host when host name and address are the same, as far as both are known. A record is old when it is
    down; a manager's already when Raft does not reach it.
    """
    if node.state == "ready" and node.reachability != "unreachable":
        return None
    others = (other for other in swarm.nodes if other.id != node.id and other.ready)
    return next((other for other in others if _same_host(node, other)), None)


def duplicate_findings(facts: Facts, node: NodeFacts) -> tuple[Finding, ...]:
    """What a plan for ``node`` says of the old records of its host."""
    nodes = facts.swarm.nodes if facts.swarm else ()
    old = [other for other in nodes if facts.swarm and replacement_of(facts.swarm, other) == node]
    if not old:
        return ()
    records = listed(f"{tick(other.id)} ({other.role}, {other.state})" for other in old)
    text = f"{tick(node.name)} means its record {tick(node.id)}; left as they are: {records}"
    return (Finding("warning", text, node.name),)


def _same_host(first: NodeFacts, second: NodeFacts) -> bool:
    one, other = _address(first), _address(second)
    return first.hostname == second.hostname and (one == other or not one or not other)


def _address(node: NodeFacts) -> str:
    return ip_of(node.raft_address) or node.address


def assign_hosts(
    records: Sequence[NodeFacts], hosts: Mapping[str, HostFacts], engines: Engines
) -> tuple[NodeFacts, ...]:
    """Give each record the name of its machine in swarmbot.yml.

    A host's own word (its node id) counts first. For hosts that were not read, or are locked and so know no id of
    theirs: the address that the managers see, then a host name that is spelled as in swarmbot.yml.
    """
    by_id = {facts.node_id: name for name, facts in hosts.items() if facts.answers and facts.node_id}
    no_readable_cluster = {name for name in engines.names() if name not in hosts or hides_node_id(hosts[name])}
    by_address = {engines.address(name): name for name in no_readable_cluster}

    def name_of(node: NodeFacts) -> str:
        if node.id in by_id:
            return by_id[node.id]
        address = ip_of(node.raft_address) or node.address
        return by_address.get(address) or (node.hostname if node.hostname in no_readable_cluster else "")

    return tuple(replace(node, host=name_of(node)) for node in records)


def hides_node_id(facts: HostFacts) -> bool:
    """Whether the host cannot say which node it is: it does not answer, or its engine is locked."""
    return not facts.answers or facts.membership == "locked"
