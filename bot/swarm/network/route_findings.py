"""What the ways between hosts mean for one that joins, or is in: pure, facts in, findings out."""

from __future__ import annotations

from collections.abc import Iterable

from bot.blocks import tick
from bot.model import Facts, Finding, HostFacts, ProbedRoute, Role, Route
from bot.swarm.network.routes import GOSSIP_PORT
from bot.text.suggest import listed

MAX_LISTED = 6

Names = tuple[str, ...]


def port_findings(facts: Facts, host: HostFacts, role: Role) -> list[Finding]:
    """What the ways between ``host`` and others say about its being a ``role``; ``failed`` is what would stop it.

    A closed way to a worker, or to a host that joins beside it, is only told: one bad firewall among the workers must
    not keep all others out. A host that is a member lives with a closed port of gossip or overlay traffic already.
    """
    mine = routes_of(facts, host.name)
    if facts.swarm is None or not mine:
        return []
    managers = {node.name for node in facts.swarm.managers} - {host.name}
    with_managers = [probed for probed in mine if managers & {probed.route.source, probed.route.target}]
    found = [
        *_to_managers(facts, host, role, with_managers),
        *_from_managers(host, role, with_managers),
        *_gossip_and_overlay(facts, host, with_managers),
    ]
    if not found:
        through = [probed for probed in with_managers if probed.route.source == host.name and probed.through]
        if through:
            names = ", ".join(port_names(through))
            found.append(Finding("done", f"`{host.name}` reaches the managers on {names}", host.name))
    if closed := [probed for probed in mine if probed.blocked and probed not in with_managers]:
        text = f"{blocked_text(closed)}: containers there may not reach each other."
        step = f"Open that; `/swarm check {host.name}` tries it again."
        found.append(Finding("warning", text, host.name, step))
    if unseen := [probed for probed in mine if probed.standing == "not looked at"]:
        found.append(Finding("warning", f"Not looked at: {skipped_text(unseen)}", host.name))
    return found


def routes_of(facts: Facts, name: str) -> list[ProbedRoute]:
    """The ways that begin or end at a host."""
    return [probed for probed in facts.probed_routes if name in {probed.route.source, probed.route.target}]


def is_manager_port(probed: ProbedRoute) -> bool:
    """Whether the way leads to the port that managers alone serve."""
    return probed.route.transport == "tcp" and probed.route.port != GOSSIP_PORT


def blocked_text(probed_routes: Iterable[ProbedRoute]) -> str:
    """Closed ways in words, with their direction: "7946/udp from `host-1` to `host-4` is blocked"."""
    routes = [probed.route for probed in probed_routes]
    parts = [
        f"{listed(ports)} from {listed(map(tick, sources))} to {listed(map(tick, targets))}"
        for ports, sources, targets in _alike(routes)
    ]
    more = f", and {len(parts) - MAX_LISTED} more such ways" if len(parts) > MAX_LISTED else ""
    return f"{', '.join(parts[:MAX_LISTED])}{more} {'is' if len(routes) == 1 else 'are'} blocked"


def skipped_text(probed_routes: Iterable[ProbedRoute]) -> str:
    """Ways that were not looked at in words, with the reason."""
    parts = [
        f"{listed(probed.route.name for probed in group)} from `{source}` to `{target}` ({group[0].why})"
        for (source, target), group in _grouped(probed_routes).items()
    ]
    more = f", and {len(parts) - MAX_LISTED} more" if len(parts) > MAX_LISTED else ""
    return f"{'; '.join(parts[:MAX_LISTED])}{more}"


def port_names(probed_routes: Iterable[ProbedRoute]) -> list[str]:
    """The ports of some ways, each once: ``2377/tcp``, ``7946/tcp+udp``, ``4789/udp``."""
    transports: dict[int, dict[str, None]] = {}
    for probed in probed_routes:
        transports.setdefault(probed.route.port, {})[probed.route.transport] = None
    return [f"{port}/{'+'.join(names)}" for port, names in transports.items()]


def failure_reason(probed: ProbedRoute) -> str:
    """How a connection to a port that should be served ended."""
    return "connection refused" if probed.standing == "passed" else probed.why


def _to_managers(facts: Facts, host: HostFacts, role: Role, mine: list[ProbedRoute]) -> list[Finding]:
    routes = [probed for probed in mine if probed.route.source == host.name and is_manager_port(probed)]
    shut = [probed for probed in routes if probed.blocked or probed.refused]
    if not shut:
        return []
    shown = ", ".join(f"`{p.route.target}` {p.route.address}:{p.route.name} ({failure_reason(p)})" for p in shut)
    if len(shut) == len(routes) or role == "manager":
        text = f"From `{host.name}` these managers of {facts.name} cannot be reached: {shown}."
        step = "Open 2377/tcp (7946/tcp+udp and 4789/udp too) between the two and press Retry."
        return [Finding("failed", text, host.name, step)]
    return [Finding("warning", f"`{host.name}` reaches only some managers; not {shown}", host.name)]


def _from_managers(host: HostFacts, role: Role, mine: list[ProbedRoute]) -> list[Finding]:
    shut = [probed for probed in mine if probed.route.target == host.name and is_manager_port(probed) if probed.blocked]
    if role == "worker" or not shut:
        return []
    first = shut[0]
    outcome = _outcome_text(first)
    text = f"{first.route.name} of `{host.name}` is blocked: a connection from `{first.route.source}` got {outcome}."
    return [Finding("failed", text, host.name, f"Open 2377/tcp on `{host.name}` for the managers and press Retry.")]


def _gossip_and_overlay(facts: Facts, host: HostFacts, mine: list[ProbedRoute]) -> list[Finding]:
    closed = [probed for probed in mine if probed.blocked and not is_manager_port(probed)]
    if not closed:
        return []
    if facts.member(host.name) is not None:
        return [Finding("warning", blocked_text(closed), host.name)]
    ports = "the port" if len(closed) == 1 else "these ports"
    return [Finding("failed", f"{blocked_text(closed)}.", host.name, f"Open {ports} and press Retry.")]


def _outcome_text(probed: ProbedRoute) -> str:
    return "no answer" if probed.why == "no answer" else f"refused ({probed.why})"


def _grouped(probed_routes: Iterable[ProbedRoute]) -> dict[tuple[str, str], list[ProbedRoute]]:
    groups: dict[tuple[str, str], list[ProbedRoute]] = {}
    for probed in probed_routes:
        groups.setdefault((probed.route.source, probed.route.target), []).append(probed)
    return groups


def _alike(routes: Iterable[Route]) -> list[tuple[Names, Names, Names]]:
    """Ports, sources and targets: the same ports to one target in one, then those from one source."""
    between: dict[tuple[str, str], Names] = {}
    for route in routes:
        pair = (route.source, route.target)
        between[pair] = (*between.get(pair, ()), route.name)
    to_one: dict[tuple[Names, str], Names] = {}
    for (source, target), ports in between.items():
        to_one[ports, target] = (*to_one.get((ports, target), ()), source)
    from_some: dict[tuple[Names, Names], Names] = {}
    for (ports, target), sources in to_one.items():
        from_some[ports, sources] = (*from_some.get((ports, sources), ()), target)
    return [(ports, sources, targets) for (ports, sources), targets in from_some.items()]
