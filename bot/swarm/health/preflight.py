"""The checks of a host before it joins a cluster. Pure: facts in, findings out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from bot.blocks import tick
from bot.model import Facts, Finding, HostFacts, Role
from bot.model.engine_versions import NEWEST_ENGINE, newer_than_known, version_of
from bot.swarm.health.clocks import WARNING_OFFSET_S, clock_findings, clock_offset
from bot.swarm.network.route_findings import port_findings
from bot.text.sizes import about_size
from bot.text.suggest import listed

LOW_SPACE_SHARE: Final = 0.1
"""The share of free space below which a disk is reported as nearly full: below it, Kubernetes evicts what runs on a
node (``nodefs.available<10%``, the default of kubelet's ``--eviction-hard``)."""
JOIN_SPACE_BYTES: Final[Mapping[Role, int]] = {"worker": 40 * 1024, "manager": 64 * 10**6}
"""With less free space an engine cannot join: its certificate and database, and the first file of a manager's Raft log
(tests/fleet/test_join_space.py)."""


def preflight(
    facts: Facts, host: HostFacts, role: Role, *, together: Iterable[str] = (), managers: Collection[str] = ()
) -> list[Finding]:
    """Return findings for a host that joins, perhaps with others; the sign ``failed`` stops the join.

    ``managers`` are those of a cluster that does not exist yet.
    """
    if host.failure is not None:
        return [Finding("failed", host.failure.happened, host.name, host.failure.next_step)]
    findings = [
        *machine_findings(facts, host, role),
        *same_name_findings(facts, host, together),
        *port_findings(facts, host, role, managers),
    ]
    if any(finding.sign == "failed" for finding in findings):
        return findings
    return [reached_finding(facts, host), *findings]


def reached_finding(facts: Facts, host: HostFacts) -> Finding:
    """Return that the host's engine responds, with its version and the accuracy of its clock."""
    offset, _ = clock_offset(facts, host)
    clock = (
        f", clock within {max(0.1, abs(offset)):.1f} s" if offset is not None and abs(offset) < WARNING_OFFSET_S else ""
    )
    return Finding("done", f"`{host.name}` reached over SSH, engine {host.engine_version}{clock}", host.name)


def machine_findings(facts: Facts, host: HostFacts, role: Role | None = None) -> list[Finding]:
    """Return findings about the engine, its disk and the clock; the sign ``failed`` stops a join.

    ``role`` is the one that the host will get.
    """
    return [*_engine(facts, host), *_live_restore(host), *_disk(facts, host, role), *clock_findings(facts, host)]


def _disk(facts: Facts, host: HostFacts, role: Role | None) -> list[Finding]:
    """Return a failure if the space is too little to join, and a warning if it is little; nothing if it is unknown."""
    space = host.disk_space
    if space is None:
        return []
    what = f"of Docker's data root {tick(space.folder)} on `{host.name}`"
    member = facts.member(host.name) is not None
    step = f"`/swarm disk {host.name}`" if member else f"`docker system df` on `{host.name}`"
    becomes = role or (None if member else "worker")
    needed = JOIN_SPACE_BYTES[becomes] if becomes else 0
    short = ""
    if space.root_available == 0:
        short = f"is full: its engine can store nothing{'' if member else ', so it cannot join a cluster'}."
    elif space.root_available < needed:
        short = f"has {about_size(space.root_available)} free, and a new {becomes} needs at least {about_size(needed)}."
    if short:
        return [Finding("failed", f"The disk {what} {short}", host.name, f"Free space: {step} shows what uses it.")]
    if space.available >= LOW_SPACE_SHARE * space.total:
        return []
    text = f"The disk {what} is nearly full: {about_size(space.available)} of {about_size(space.total)} are free."
    return [Finding("warning", text, host.name, f"{step} shows what uses it.")]


def _live_restore(host: HostFacts) -> list[Finding]:
    """Return a failure if live-restore is enabled: a swarm and live-restore exclude each other."""
    if not host.live_restore:
        return []
    text = f"`{host.name}` has live-restore enabled: its engine refuses to join a swarm."
    if host.in_swarm or host.joining:
        text = f"`{host.name}` has live-restore enabled: its engine is part of a swarm and will not start again."
    return [Finding("failed", text, host.name, f"S{live_restore_fix(host)[1:]}.")]


def live_restore_fix(host: HostFacts) -> str:
    """Return how to disable live-restore. An engine that reads its file again keeps what the file does not name."""
    file, reload = "/etc/docker/daemon.json", "`systemctl reload docker`"
    return f'set `"live-restore": false` in {file} on {tick(host.name)}, then run {reload} there'


def _engine(facts: Facts, host: HostFacts) -> list[Finding]:
    """Return findings about the engine's version. An engine that is too old for Swarmbot was not read at all."""
    found = []
    if newer_than_known(host.engine_version):
        text = f"engine {host.engine_version} is newer than {NEWEST_ENGINE}, the newest version that Swarmbot supports"
        found.append(Finding("warning", text, host.name))
    mine = version_of(host.engine_version)
    managers = {version_of(node.engine_version) for node in facts.swarm.managers} if facts.swarm else set()
    if not managers or mine in managers or mine == (0, 0):
        return found
    shown = ", ".join(sorted({node.engine_version for node in facts.swarm.managers})) if facts.swarm else ""
    age = "older than" if mine < min(managers) else "newer than" if mine > max(managers) else "different from"
    text = f"`{host.name}` runs engine {host.engine_version}, {age} the managers' {shown}"
    return [*found, Finding("warning", text, host.name)]


def same_name_findings(facts: Facts, host: HostFacts, together: Iterable[str]) -> list[Finding]:
    """Return warnings about nodes with the same host name, and hosts of ``together`` that join with the same name."""
    nodes = facts.swarm.nodes if facts.swarm else ()
    found = []
    if records := [node for node in nodes if node.hostname == host.hostname and node.id != host.node_id]:
        states = ", ".join(f"`{node.id}` ({node.state})" for node in records)
        text = f"{facts.name} already has a node with the host name `{host.hostname}`: {states}"
        found.append(Finding("warning", text, host.name))
    others = [facts.hosts[name] for name in together if name != host.name and facts.member(name) is None]
    if alike := [tick(other.name) for other in others if other.responds and other.hostname == host.hostname]:
        shared = f"{listed(alike)} and `{host.name}` have the same host name, `{host.hostname}`"
        found.append(Finding("warning", f"{shared}: {facts.name} would have several nodes with this name", host.name))
    return found
