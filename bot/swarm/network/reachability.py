"""What the ways between hosts mean for one that joins, or is in: pure, facts in, findings out."""

from __future__ import annotations

from collections.abc import Iterable

from bot.blocks import tick
from bot.model import Facts, Finding, HostFacts, ProbedRoute, Role, Route
from bot.swarm.network.routes import GOSSIP_PORT
from bot.text.suggest import listed

FEW = 6

Names = tuple[str, ...]


def port_findings(facts: Facts, host: HostFacts, role: Role) -> list[Finding]:
    """What the ways between ``host`` and others say about its being a ``role``; ``failed`` is what would stop it.

    A closed way to a worker, or to a host that joins beside it, is only told: one bad firewall among the workers must
    not keep all others out. A host that is a member lives with a closed port of gossip or overlay traffic already.
    """
    mine = of_host(facts, host.name)
    if facts.swarm is None or not mine:
        return []
    managers = {node.name for node in facts.swarm.managers} - {host.name}
    with_managers = [passage for passage in mine if managers & {passage.way.source, passage.way.target}]
    found = [
        *_to_managers(facts, host, role, with_managers),
        *_from_managers(host, role, with_managers),
        *_gossip_and_overlay(facts, host, with_managers),
    ]
    if not found:
        through = [passage for passage in with_managers if passage.way.source == host.name and passage.through]
        if through:
            names = ", ".join(port_names(through))
            found.append(Finding("done", f"`{host.name}` reaches the managers on {names}", host.name))
    if closed := [passage for passage in mine if passage.blocked and passage not in with_managers]:
        text = f"{told(closed)}: containers there may not reach each other."
        step = f"Open that; `/swarm check {host.name}` tries it again."
        found.append(Finding("look", text, host.name, step))
    if unseen := [passage for passage in mine if passage.standing == "not looked at"]:
        found.append(Finding("look", f"Not looked at: {told_unseen(unseen)}", host.name))
    return found


def of_host(facts: Facts, name: str) -> list[ProbedRoute]:
    """The ways that begin or end at a host."""
    return [passage for passage in facts.passages if name in {passage.way.source, passage.way.target}]


def for_managers(passage: ProbedRoute) -> bool:
    """Whether the way leads to the port that managers alone serve."""
    return passage.way.transport == "tcp" and passage.way.port != GOSSIP_PORT


def told(passages: Iterable[ProbedRoute]) -> str:
    """Closed ways in words, with their direction: "7946/udp from `host-1` to `host-4` is blocked"."""
    ways = [passage.way for passage in passages]
    parts = [
        f"{listed(ports)} from {listed(map(tick, sources))} to {listed(map(tick, targets))}"
        for ports, sources, targets in _alike(ways)
    ]
    more = f", and {len(parts) - FEW} more such ways" if len(parts) > FEW else ""
    return f"{', '.join(parts[:FEW])}{more} {'is' if len(ways) == 1 else 'are'} blocked"


def told_unseen(passages: Iterable[ProbedRoute]) -> str:
    """Ways that were not looked at in words, with the reason."""
    parts = [
        f"{listed(passage.way.name for passage in group)} from `{source}` to `{target}` ({group[0].why})"
        for (source, target), group in _grouped(passages).items()
    ]
    more = f", and {len(parts) - FEW} more" if len(parts) > FEW else ""
    return f"{'; '.join(parts[:FEW])}{more}"


def port_names(passages: Iterable[ProbedRoute]) -> list[str]:
    """The ports of some ways, each once: ``2377/tcp``, ``7946/tcp+udp``, ``4789/udp``."""
    transports: dict[int, dict[str, None]] = {}
    for passage in passages:
        transports.setdefault(passage.way.port, {})[passage.way.transport] = None
    return [f"{port}/{'+'.join(names)}" for port, names in transports.items()]


def how(passage: ProbedRoute) -> str:
    """How a connection to a port that should be served ended."""
    return "connection refused" if passage.standing == "passed" else passage.why


def _to_managers(facts: Facts, host: HostFacts, role: Role, mine: list[ProbedRoute]) -> list[Finding]:
    ways = [passage for passage in mine if passage.way.source == host.name and for_managers(passage)]
    shut = [passage for passage in ways if passage.blocked or passage.refused]
    if not shut:
        return []
    shown = ", ".join(f"`{p.way.target}` {p.way.address}:{p.way.name} ({how(p)})" for p in shut)
    if len(shut) == len(ways) or role == "manager":
        text = f"From `{host.name}` these managers of {facts.name} cannot be reached: {shown}."
        step = "Open 2377/tcp (7946/tcp+udp and 4789/udp too) between the two and press Retry."
        return [Finding("failed", text, host.name, step)]
    return [Finding("look", f"`{host.name}` reaches only some managers; not {shown}", host.name)]


def _from_managers(host: HostFacts, role: Role, mine: list[ProbedRoute]) -> list[Finding]:
    shut = [passage for passage in mine if passage.way.target == host.name and for_managers(passage) if passage.blocked]
    if role == "worker" or not shut:
        return []
    first = shut[0]
    text = f"{first.way.name} of `{host.name}` is blocked: a connection from `{first.way.source}` got {_got(first)}."
    return [Finding("failed", text, host.name, f"Open 2377/tcp on `{host.name}` for the managers and press Retry.")]


def _gossip_and_overlay(facts: Facts, host: HostFacts, mine: list[ProbedRoute]) -> list[Finding]:
    closed = [passage for passage in mine if passage.blocked and not for_managers(passage)]
    if not closed:
        return []
    if facts.member(host.name) is not None:
        return [Finding("look", told(closed), host.name)]
    ports = "the port" if len(closed) == 1 else "these ports"
    return [Finding("failed", f"{told(closed)}.", host.name, f"Open {ports} and press Retry.")]


def _got(passage: ProbedRoute) -> str:
    return "no answer" if passage.why == "no answer" else f"refused ({passage.why})"


def _grouped(passages: Iterable[ProbedRoute]) -> dict[tuple[str, str], list[ProbedRoute]]:
    groups: dict[tuple[str, str], list[ProbedRoute]] = {}
    for passage in passages:
        groups.setdefault((passage.way.source, passage.way.target), []).append(passage)
    return groups


def _alike(ways: Iterable[Route]) -> list[tuple[Names, Names, Names]]:
    """Ports, sources and targets: the same ports to one target in one, then those from one source."""
    between: dict[tuple[str, str], Names] = {}
    for way in ways:
        pair = (way.source, way.target)
        between[pair] = (*between.get(pair, ()), way.name)
    to_one: dict[tuple[Names, str], Names] = {}
    for (source, target), ports in between.items():
        to_one[ports, target] = (*to_one.get((ports, target), ()), source)
    from_some: dict[tuple[Names, Names], Names] = {}
    for (ports, target), sources in to_one.items():
        from_some[ports, sources] = (*from_some.get((ports, sources), ()), target)
    return [(ports, sources, targets) for (ports, sources), targets in from_some.items()]
