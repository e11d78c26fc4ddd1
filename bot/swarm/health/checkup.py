"""What `/swarm check HOST` finds of one host, in a cluster or not: pure, facts in, findings out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.blocks import tick
from bot.errors import Refused
from bot.model import Facts, Finding, HostFacts, NodeFacts, ProbedRoute
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
from bot.swarm.reading.host_membership import membership_conflict
from bot.text.suggest import listed


def checkup(facts: Facts, host: HostFacts, together: Sequence[str]) -> list[Finding]:
    """All findings, in the order in which a join would meet them; ``failed`` is what must be mended.

    ``together`` are the hosts that are checked at once: they are peers of one another.
    """
    if host.failure is not None:
        return [Finding("failed", host.failure.happened, host.name, host.failure.next_step)]
    return [
        reached_finding(facts, host),
        *machine_findings(facts, host),
        *_membership(facts, host),
        *same_name_findings(facts, host, together),
        *_address(facts, host),
        *_ports(facts, host),
        *_skipped_peers(facts, host, together),
    ]


def all_routes_tested(facts: Facts, host: HostFacts, together: Sequence[str]) -> bool:
    """Whether every way that there was to try has been looked at, and there was one."""
    mine = routes_of(facts, host.name)
    looked_at = all(probed.standing != "not looked at" for probed in mine)
    return bool(mine) and looked_at and not _untried(facts, host, together)


def _membership(facts: Facts, host: HostFacts) -> list[Finding]:
    node = facts.member(host.name)
    if node is not None and host.membership == "active":
        standing = f", {node.standing}" if node.role == "manager" else ""
        text = f"a {node.role} of {facts.name}, {node.state}{standing}"
        return [Finding("done" if node.ready else "failed", text)]
    if host.in_a_swarm:
        return [membership_conflict(facts, host)]
    if host.joining:
        return [
            Finding("warning", "still tries to join a cluster, and may come in by itself; a join undoes that first")
        ]
    return [Finding("done", "in no cluster")]


def _address(facts: Facts, host: HostFacts) -> list[Finding]:
    node = facts.member(host.name)
    if node is not None:
        return address_findings(host, node)
    try:
        return [Finding("done", f"would be advertised at {tick(joining_address(host, None))}")]
    except Refused as error:
        return [Finding("warning", error.happened, host.name, error.next_step)]


def address_findings(host: HostFacts, node: NodeFacts) -> list[Finding]:
    """Where a member is advertised: engines take any address, also one that nobody reaches (facts/swarm.md)."""
    address = host.node_address or node.address
    own = [each for interface in host.interfaces for each in interface.addresses]
    if address in own:
        return [Finding("done", f"advertised at {tick(address)}"), *overlay_findings(host, address, None)]
    step = f"Let it leave and join again with `--advertise-addr`; it has {', '.join(map(tick, own)) or 'no address'}."
    where = "loopback: no other host reaches it there" if is_loopback(address) else "no address of its own"
    return [Finding("failed", f"advertised at {tick(address)}, which is {where}.", host.name, step)]


def _ports(facts: Facts, host: HostFacts) -> list[Finding]:
    mine = routes_of(facts, host.name)
    if not mine:
        return [Finding("warning", "ports were not looked at: there is no other host to try them with")]
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
        ports = "it" if len(closed) == 1 else "these ports"
        found.append(
            Finding("failed", f"{blocked_text(closed)}.", host.name, f"Open {ports} in the firewalls between them.")
        )
    if may_be_closed:
        found.append(Finding("warning", f"{blocked_text(may_be_closed)}: a manager needs that, a worker does not"))
    if unseen := [probed for probed in mine if probed.standing == "not looked at"]:
        found.append(Finding("warning", f"not looked at: {skipped_text(unseen)}"))
    if not found:
        found.append(Finding("done", _all_open(host, mine)))
    return found


def _all_open(host: HostFacts, mine: Iterable[ProbedRoute]) -> str:
    routes = [probed.route for probed in mine]
    peers = dict.fromkeys(route.source if route.target == host.name else route.target for route in routes)
    where = "both ways with" if any(route.target == host.name for route in routes) else "to"
    return f"open {where} {', '.join(map(tick, peers))}: {', '.join(port_names(mine))}"


def _skipped_peers(facts: Facts, host: HostFacts, together: Sequence[str]) -> list[Finding]:
    names = [*map(tick, _untried(facts, host, together))]
    if not names:
        return []
    more = [f"{len(names) - MAX_LISTED} more"] if len(names) > MAX_LISTED else []
    others = listed([*names[:MAX_LISTED], *more])
    text = f"not looked at: ways with {others}; a check tries every manager, and {MAX_PEERS} peers in all."
    step = "`/swarm check --all` tries every way between nodes."
    if facts.member(host.name) is None:
        step = f"Once {tick(host.name)} is in, `/swarm check --all` tries them."
    return [Finding("warning", text, host.name, step)]


def _untried(facts: Facts, host: HostFacts, together: Sequence[str]) -> list[str]:
    """Peers with which no way was tried, as there are too many."""
    met = {name for probed in routes_of(facts, host.name) for name in (probed.route.source, probed.route.target)}
    return [peer.name for peer in peers_of(host, facts.hosts, facts.swarm, together) if peer.name not in met]
