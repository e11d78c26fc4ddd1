"""What is looked at before a host is let into a cluster. Pure: facts in, findings out."""

from __future__ import annotations

from bot.plan import Facts, Finding, HostFacts, Role

# TLS between nodes fails when clocks differ by more than the hour by which SwarmKit backdates its certificates;
# logs and leases become hard to read long before.
CLOCK_TOLD = 2.0
CLOCK_REFUSED = 1800.0
OLDEST_ENGINE = (17, 6)


def preflight(facts: Facts, host: HostFacts, role: Role) -> list[Finding]:
    """Findings for a host that is about to join; one with the sign ``failed`` stops it."""
    if host.trouble is not None:
        return [Finding("failed", host.trouble.happened, host.name, host.trouble.next_step)]
    findings = [*_engine(facts, host), *_clock(host), *_same_name(facts, host), *_ports(facts, host, role)]
    if any(finding.sign == "failed" for finding in findings):
        return findings
    clock = f", clock within {max(0.1, abs(host.clock_offset)):.1f} s" if host.clock_offset is not None else ""
    reached = Finding("done", f"`{host.name}` reached by SSH, engine {host.engine_version}{clock}", host.name)
    return [reached, *findings]


def version_of(text: str) -> tuple[int, int]:
    """``20.10.24+dfsg1`` as ``(20, 10)``; ``(0, 0)`` when it is not a version."""
    parts = text.split(".")
    head = [part for part in parts[:2] if part.isdecimal()]
    return (int(head[0]), int(head[1])) if len(head) == len(parts[:2]) and len(head) > 1 else (0, 0)


def _engine(facts: Facts, host: HostFacts) -> list[Finding]:
    mine = version_of(host.engine_version)
    if mine < OLDEST_ENGINE and mine != (0, 0):
        text = f"`{host.name}` runs engine {host.engine_version}, older than 17.06."
        return [Finding("failed", text, host.name, "Upgrade its engine.")]
    managers = {version_of(node.engine_version) for node in facts.swarm.managers} if facts.swarm else set()
    if not managers or mine in managers or mine == (0, 0):
        return []
    shown = ", ".join(sorted({node.engine_version for node in facts.swarm.managers})) if facts.swarm else ""
    age = "older" if mine < min(managers) else "newer" if mine > max(managers) else "other"
    return [
        Finding("look", f"`{host.name}` runs engine {host.engine_version}, {age} than the managers' {shown}", host.name)
    ]


def _clock(host: HostFacts) -> list[Finding]:
    offset = host.clock_offset
    if offset is None or abs(offset) < CLOCK_TOLD:
        return []
    text = f"the clock of `{host.name}` is {abs(offset):.0f} s {'ahead' if offset > 0 else 'behind'}"
    if abs(offset) < CLOCK_REFUSED:
        return [Finding("look", text, host.name)]
    step = f"Set the clock of `{host.name}` (NTP): TLS between nodes fails with it."
    return [Finding("failed", f"{text[0].upper()}{text[1:]}.", host.name, step)]


def _same_name(facts: Facts, host: HostFacts) -> list[Finding]:
    nodes = facts.swarm.nodes if facts.swarm else ()
    records = [node for node in nodes if node.hostname == host.hostname and node.id != host.node_id]
    if not records:
        return []
    states = ", ".join(f"`{node.id}` ({node.state})" for node in records)
    text = f"{facts.name} already has a node whose host name is `{host.hostname}`: {states}"
    return [Finding("look", text, host.name)]


def _ports(facts: Facts, host: HostFacts, role: Role) -> list[Finding]:
    if facts.swarm is None or not host.reaches:
        return []
    names = {node.raft_address: node.name for node in facts.swarm.managers}
    shut = {target: met for target, met in host.reaches.items() if met != "open"}
    told = ", ".join(f"`{names[target]}` {target}/tcp ({_met(met)})" for target, met in shut.items())
    if len(shut) == len(host.reaches) or (shut and role == "manager"):
        text = f"From `{host.name}` these managers of {facts.name} cannot be reached: {told}."
        step = "Open 2377/tcp (7946/tcp+udp and 4789/udp too) between the two and press Retry."
        return [Finding("failed", text, host.name, step)]
    if role == "manager" and host.reached == "no answer":
        text = f"2377/tcp of `{host.name}` is blocked: a connection from `{facts.swarm.read_from}` got no answer."
        return [Finding("failed", text, host.name, f"Open 2377/tcp on `{host.name}` for the managers and press Retry.")]
    if shut:
        return [Finding("look", f"`{host.name}` reaches only some managers; not {told}", host.name)]
    return [Finding("done", f"`{host.name}` reaches the managers on 2377/tcp", host.name)]


def _met(reach: str) -> str:
    return "connection refused" if reach == "refused" else "no answer"
