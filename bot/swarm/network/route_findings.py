"""What the probed routes mean for a host that joins the cluster or is a member. Pure: facts in, findings out."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bot.blocks import tick
from bot.model import Facts, Finding, HostFacts, ProbedRoute, Role, Route
from bot.swarm.network.routes import GOSSIP_PORT
from bot.text.suggest import listed

MAX_LISTED = 6
"""The number of routes that a message names."""

Names = tuple[str, ...]


def port_findings(facts: Facts, host: HostFacts, role: Role, new_managers: Collection[str] = ()) -> list[Finding]:
    """Return what the routes from and to ``host`` mean for it as a ``role``; a finding ``failed`` stops a join.

    A blocked route to a worker, or to a host that joins at the same time, is only a warning: one bad firewall among the
    workers must not keep all others out. So is a blocked gossip or overlay port of a host that is a member already.
    ``new_managers`` are those of a cluster that does not exist yet: nothing listens on their port 2377.
    """
    mine = routes_of(facts, host.name)
    if not mine or not (facts.swarm or new_managers):
        return []
    managers = {node.name for node in facts.swarm.managers} if facts.swarm else {*new_managers}
    managers.discard(host.name)
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
    told_of_others = new_managers and role == "manager"  # the findings about those that join after it have these
    others = [] if told_of_others else [probed for probed in mine if probed not in with_managers]
    if closed := [probed for probed in others if probed.blocked and not is_manager_port(probed)]:
        text = f"{blocked_text(closed)}: containers on these hosts may not reach each other."
        ends = (name for probed in closed for name in (probed.route.source, probed.route.target))
        hosts = dict.fromkeys([host.name, *(name for name in ends if facts.member(name) is None)])  # to be checked
        step = f"Open {'the port' if len(closed) == 1 else 'these ports'}, then run `/swarm check {' '.join(hosts)}`."
        found.append(Finding("warning", text, host.name, step))
    if unseen := [probed for probed in mine if probed.state == "untested"]:
        found.append(Finding("warning", f"Skipped: {skipped_text(unseen)}", host.name))
    return found


def routes_of(facts: Facts, name: str) -> list[ProbedRoute]:
    """Return the routes that begin or end at a host."""
    return [probed for probed in facts.probed_routes if name in {probed.route.source, probed.route.target}]


def is_manager_port(probed: ProbedRoute) -> bool:
    """Return whether the route leads to the port that only managers serve."""
    return probed.route.transport == "tcp" and probed.route.port != GOSSIP_PORT


def blocked_text(probed_routes: Iterable[ProbedRoute]) -> str:
    """Return blocked routes with their direction: "7946/udp from `host-1` to `host-4` is blocked"."""
    routes = [probed.route for probed in probed_routes]
    parts = [
        f"{listed(ports)} from {listed(map(tick, sources))} to {listed(map(tick, targets))}"
        for ports, sources, targets in _alike(routes)
    ]
    more = f", and {len(parts) - MAX_LISTED} more such routes" if len(parts) > MAX_LISTED else ""
    return f"{', '.join(parts[:MAX_LISTED])}{more} {'is' if len(routes) == 1 else 'are'} blocked"


def skipped_text(probed_routes: Iterable[ProbedRoute]) -> str:
    """Return routes that were not tested, with the reason."""
    parts = [
        f"{listed(probed.route.name for probed in group)} from `{source}` to `{target}` ({group[0].why})"
        for (source, target), group in _grouped(probed_routes).items()
    ]
    more = f", and {len(parts) - MAX_LISTED} more" if len(parts) > MAX_LISTED else ""
    return f"{'; '.join(parts[:MAX_LISTED])}{more}"


def port_names(probed_routes: Iterable[ProbedRoute]) -> list[str]:
    """Return the ports of routes, each once: ``2377/tcp``, ``7946/tcp+udp``, ``4789/udp``."""
    transports: dict[int, dict[str, None]] = {}
    for probed in probed_routes:
        transports.setdefault(probed.route.port, {})[probed.route.transport] = None
    return [f"{port}/{'+'.join(names)}" for port, names in transports.items()]


def failure_reason(probed: ProbedRoute) -> str:
    """Return how a connection to a port that should be served ended."""
    return "connection refused" if probed.state == "passed" else probed.why


def _to_managers(facts: Facts, host: HostFacts, role: Role, mine: list[ProbedRoute]) -> list[Finding]:
    routes = [probed for probed in mine if probed.route.source == host.name and is_manager_port(probed)]
    shut = [probed for probed in routes if probed.blocked or (probed.refused and facts.swarm is not None)]
    if not shut:
        return []
    shown = ", ".join(f"`{p.route.target}` {p.route.address}:{p.route.name} ({failure_reason(p)})" for p in shut)
    if len(shut) == len(routes) or role == "manager":
        text = f"`{host.name}` cannot reach these managers of {facts.name}: {shown}."
        step = "Open 2377/tcp (and 7946/tcp+udp, 4789/udp) between the hosts, then press Retry."
        return [Finding("failed", text, host.name, step)]
    return [Finding("warning", f"`{host.name}` reaches only some of the managers. Not reached: {shown}", host.name)]


def _from_managers(host: HostFacts, role: Role, mine: list[ProbedRoute]) -> list[Finding]:
    shut = [probed for probed in mine if probed.route.target == host.name and is_manager_port(probed) if probed.blocked]
    if role == "worker" or not shut:
        return []
    first = shut[0]
    outcome = _outcome_text(first)
    text = f"{first.route.name} from `{first.route.source}` to `{host.name}` is blocked: the connection {outcome}."
    return [Finding("failed", text, host.name, f"Open 2377/tcp on `{host.name}` for the managers, then press Retry.")]


def _gossip_and_overlay(facts: Facts, host: HostFacts, mine: list[ProbedRoute]) -> list[Finding]:
    closed = [probed for probed in mine if probed.blocked and not is_manager_port(probed)]
    if not closed:
        return []
    if facts.member(host.name) is not None:
        return [Finding("warning", blocked_text(closed), host.name)]
    ports = "the port" if len(closed) == 1 else "these ports"
    return [Finding("failed", f"{blocked_text(closed)}.", host.name, f"Open {ports}, then press Retry.")]


def _outcome_text(probed: ProbedRoute) -> str:
    return "got no answer" if probed.why == "no answer" else f"was {probed.why}"


def _grouped(probed_routes: Iterable[ProbedRoute]) -> dict[tuple[str, str], list[ProbedRoute]]:
    groups: dict[tuple[str, str], list[ProbedRoute]] = {}
    for probed in probed_routes:
        groups.setdefault((probed.route.source, probed.route.target), []).append(probed)
    return groups


def _alike(routes: Iterable[Route]) -> list[tuple[Names, Names, Names]]:
    """Return ports, sources and targets: first merge equal ports to one target, then equal ports from one source."""
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
