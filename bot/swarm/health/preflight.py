"""What is looked at before a host is let into a cluster. Pure: facts in, findings out."""

from __future__ import annotations

from collections.abc import Iterable

from bot.blocks import tick
from bot.model import Facts, Finding, HostFacts, Role
from bot.model.engine_versions import NEWEST_ENGINE, newer_than_known, version_of
from bot.swarm.health.clocks import WARNING_OFFSET_S, clock_findings, clock_offset
from bot.swarm.network.route_findings import port_findings
from bot.text.suggest import listed


def preflight(facts: Facts, host: HostFacts, role: Role, *, together: Iterable[str] = ()) -> list[Finding]:
    """Findings for a host that is about to join, maybe with others; one with the sign ``failed`` stops it."""
    if host.failure is not None:
        return [Finding("failed", host.failure.happened, host.name, host.failure.next_step)]
    findings = [
        *machine_findings(facts, host),
        *same_name_findings(facts, host, together),
        *port_findings(facts, host, role),
    ]
    if any(finding.sign == "failed" for finding in findings):
        return findings
    return [reached_finding(facts, host), *findings]


def reached_finding(facts: Facts, host: HostFacts) -> Finding:
    """That the host's engine answers, its version, and how near its clock is."""
    offset, _ = clock_offset(facts, host)
    clock = (
        f", clock within {max(0.1, abs(offset)):.1f} s" if offset is not None and abs(offset) < WARNING_OFFSET_S else ""
    )
    return Finding("done", f"`{host.name}` reached by SSH, engine {host.engine_version}{clock}", host.name)


def machine_findings(facts: Facts, host: HostFacts) -> list[Finding]:
    """What there is to say of the engine's version and the clock; ``failed`` is what would stop a join."""
    return [*_engine(facts, host), *clock_findings(facts, host)]


def _engine(facts: Facts, host: HostFacts) -> list[Finding]:
    """One that is older than Swarmbot speaks with has not been read at all."""
    found = []
    if newer_than_known(host.engine_version):
        text = f"engine {host.engine_version} is newer than {NEWEST_ENGINE}, the newest that Swarmbot is made for"
        found.append(Finding("warning", text, host.name))
    mine = version_of(host.engine_version)
    managers = {version_of(node.engine_version) for node in facts.swarm.managers} if facts.swarm else set()
    if not managers or mine in managers or mine == (0, 0):
        return found
    shown = ", ".join(sorted({node.engine_version for node in facts.swarm.managers})) if facts.swarm else ""
    age = "older" if mine < min(managers) else "newer" if mine > max(managers) else "other"
    text = f"`{host.name}` runs engine {host.engine_version}, {age} than the managers' {shown}"
    return [*found, Finding("warning", text, host.name)]


def same_name_findings(facts: Facts, host: HostFacts, together: Iterable[str]) -> list[Finding]:
    """Other records of the cluster with the host's own host name, and hosts of ``together`` that are not in yet."""
    nodes = facts.swarm.nodes if facts.swarm else ()
    found = []
    if records := [node for node in nodes if node.hostname == host.hostname and node.id != host.node_id]:
        states = ", ".join(f"`{node.id}` ({node.state})" for node in records)
        text = f"{facts.name} already has a node whose host name is `{host.hostname}`: {states}"
        found.append(Finding("warning", text, host.name))
    others = [facts.hosts[name] for name in together if name != host.name and facts.member(name) is None]
    if alike := [tick(other.name) for other in others if other.answers and other.hostname == host.hostname]:
        shared = f"{listed(alike)} and `{host.name}` have one host name, `{host.hostname}`"
        found.append(
            Finding("warning", f"{shared}: {facts.name} would have more than one node of that name", host.name)
        )
    return found
