"""What `/swarm check HOST` finds about one host, in a cluster or not. Pure: facts in, findings out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.blocks import tick
from bot.errors import Refused
from bot.model import Facts, Finding, HostFacts, NodeFacts, ProbedRoute, Sign
from bot.swarm.health.preflight import machine_findings, reached_finding, same_name_findings
from bot.swarm.network.addresses import is_loopback, joining_address, overlay_findings
from bot.swarm.network.route_findings import (
    MAX_LISTED,
    blocked_text,
    is_manager_port,
    port_names,
    routes_of,
    skipped_text,
)
from bot.swarm.network.routes import MAX_PEERS, peers_of
from bot.swarm.reading.cloned_nodes import clone_finding, clones_of
from bot.swarm.reading.host_membership import is_membership_unknown, membership_conflict, unknown_cluster_text
from bot.swarm.reading.node_lookup import replacement_of
from bot.text.suggest import listed


def checkup(facts: Facts, host: HostFacts, together: Sequence[str]) -> list[Finding]:
    """Return all findings, in the order in which a join would meet them; ``failed`` must be fixed.

    ``together`` are the hosts that are checked at the same time: they are peers of each other.
    """
    if host.failure is not None:
        sign: Sign = "warning" if host.failure.is_silence else "failed"
        finding = Finding(sign, host.failure.happened, host.name, host.failure.next_step)
        return [finding, *_skipped_with(facts, host, together)]
    return [
        reached_finding(facts, host),
        *machine_findings(facts, host),
        *_membership(facts, host),
        *same_name_findings(facts, host, together),
        *_address(facts, host),
        *_ports(facts, host),
        *_skipped_peers(facts, host, together),
        *_silent_peers(facts, host, together),
    ]


def is_fitness_unknown(facts: Facts, host: HostFacts) -> bool:
    """Return whether the host's cluster may be this one and could not be read, so that nothing compares with it.

    A cluster may exist as soon as one host is in a swarm or does not respond.
    """
    if host.failure is not None or facts.swarm is not None:
        return not host.responds or is_membership_unknown(facts, host)
    return any(other.in_swarm or not other.responds for other in facts.hosts.values())


def all_routes_tested(facts: Facts, host: HostFacts, together: Sequence[str]) -> bool:
    """Return whether there was a route to test and every route was tested."""
    mine = routes_of(facts, host.name)
    tested = all(probed.state != "untested" for probed in mine)
    skipped = _untried(facts, host, together) or _silent_peers(facts, host, together)
    return bool(mine) and tested and not skipped


def _membership(facts: Facts, host: HostFacts) -> list[Finding]:
    if clones := clones_of(facts, host):
        return [clone_finding(clones)]
    node = facts.member(host.name)
    if node is not None and host.membership == "active":
        standing = f", {node.raft_state}" if node.role == "manager" else ""
        text = f"a {node.role} of {facts.name}, {node.state}{standing}"
        return [Finding("done" if node.ready else "failed", text)]
    if is_membership_unknown(facts, host) and host.membership == "active":
        text = f"{unknown_cluster_text(facts, host)}. Whether that is {facts.name} is unknown."
        return [Finding("warning", text, host.name, "`/swarm status` shows what is wrong.")]
    if host.in_swarm:
        return [membership_conflict(facts, host)]
    if host.joining:
        return [
            Finding("warning", "still trying to join a cluster, and may succeed; joining it again cancels this first")
        ]
    return [Finding("done", "not part of any cluster")]


def _address(facts: Facts, host: HostFacts) -> list[Finding]:
    node = facts.member(host.name)
    if node is not None or (host.node_address and is_membership_unknown(facts, host)):
        return address_findings(host, node)
    try:
        return [Finding("done", f"would be advertised at {tick(joining_address(host, None))}")]
    except Refused as error:
        return [Finding("warning", error.happened, host.name, error.next_step)]


def address_findings(host: HostFacts, node: NodeFacts | None) -> list[Finding]:
    """Return findings about a member's address.

    Engines accept any address, even a useless one (docs/swarm-behaviour.md#init-and-addresses).
    """
    address = host.node_address or (node.address if node else "")
    own = [each for interface in host.interfaces for each in interface.addresses]
    if address in own:
        return [Finding("done", f"advertised at {tick(address)}"), *overlay_findings(host, address, None)]
    known = ", ".join(map(tick, own)) or "none"
    step = f"Make it leave, then join it again with `--advertise-addr`. Its addresses: {known}."
    why = "a loopback address that no other host can reach" if is_loopback(address) else "not an address of this host"
    return [Finding("failed", f"advertised at {tick(address)}, which is {why}.", host.name, step)]


def _ports(facts: Facts, host: HostFacts) -> list[Finding]:
    mine = routes_of(facts, host.name)
    if not mine:
        why = "there is no other host to test them with"
        if is_fitness_unknown(facts, host):
            why = f"the managers of {facts.name} cannot be read, so its nodes are unknown"
        return [Finding("warning", f"ports skipped: {why}")]
    node = facts.member(host.name)
    may_be_closed = [
        probed
        for probed in mine
        if probed.blocked and is_manager_port(probed) and probed.route.target == host.name
        if node is None or node.role == "worker"
    ]
    closed = [probed for probed in mine if probed.blocked and probed not in may_be_closed]
    found = []
    if closed:
        ports = "the port" if len(closed) == 1 else "these ports"
        found.append(
            Finding(
                "failed", f"{blocked_text(closed)}.", host.name, f"Open {ports} in the firewalls between the hosts."
            )
        )
    if may_be_closed:
        found.append(Finding("warning", f"{blocked_text(may_be_closed)}: only a manager needs this"))
    if unseen := [probed for probed in mine if probed.state == "untested"]:
        found.append(Finding("warning", f"skipped: {skipped_text(unseen)}"))
    if not found:
        found.append(Finding("done", _all_open(host, mine)))
    return found


def _all_open(host: HostFacts, mine: Iterable[ProbedRoute]) -> str:
    routes = [probed.route for probed in mine]
    peers = dict.fromkeys(route.source if route.target == host.name else route.target for route in routes)
    where = "in both directions with" if any(route.target == host.name for route in routes) else "to"
    return f"ports open {where} {', '.join(map(tick, peers))}: {', '.join(port_names(mine))}"


def _skipped_peers(facts: Facts, host: HostFacts, together: Sequence[str]) -> list[Finding]:
    names = _untried(facts, host, together)
    if not names:
        return []
    text = f"skipped: routes to {_some(names)}. A check tests every manager, and {MAX_PEERS} peers in all."
    step = "`/swarm check --all` tests every route between nodes."
    if facts.member(host.name) is None:
        step = f"After {tick(host.name)} has joined, `/swarm check --all` tests them."
    return [Finding("warning", text, host.name, step)]


def _untried(facts: Facts, host: HostFacts, together: Sequence[str]) -> list[str]:
    """Return the peers that were not tested because there are too many."""
    met = {name for probed in routes_of(facts, host.name) for name in (probed.route.source, probed.route.target)}
    return [peer.name for peer in peers_of(host, facts.hosts, facts.swarm, together) if peer.name not in met]


def _skipped_with(facts: Facts, host: HostFacts, together: Sequence[str]) -> list[Finding]:
    """Return what could not be tested because the host itself could not be read."""
    names = [peer.name for peer in peers_of(host, facts.hosts, facts.swarm, together)]
    routes = [f"its routes to {_some(names)}"] if names else []
    return [Finding("warning", f"skipped: {listed(['its engine', 'its clock', 'its address', *routes])}.", host.name)]


def _silent_peers(facts: Facts, host: HostFacts, together: Sequence[str]) -> list[Finding]:
    """Return the nodes, and the hosts that are checked at the same time, with which nothing can be tested now."""
    nodes = facts.swarm.nodes if facts.swarm else ()
    down = [
        node
        for node in nodes
        if not node.ready and node.hostname != host.hostname
        if not (facts.swarm and replacement_of(facts.swarm, node))
    ]
    silent = {node.name: f"{tick(node.name)} ({node.state})" for node in down}
    hosts = [facts.hosts[name] for name in together if name in facts.hosts and name != host.name]
    silent |= {other.name: f"{tick(other.name)} (could not be read)" for other in hosts if not other.responds}
    if not silent:
        return []
    return [Finding("warning", f"skipped: routes to {listed(silent.values(), limit=MAX_LISTED)}.", host.name)]


def _some(names: Sequence[str]) -> str:
    return listed(map(tick, names), limit=MAX_LISTED)
