"""What `/swarm check --all` finds between all nodes: ports, overlay, gossip. Pure: facts in, findings out."""

from __future__ import annotations

from collections.abc import Mapping

from bot.blocks import tick
from bot.model import ClusterFacts, Facts, Finding, Mesh, ProbedRoute
from bot.swarm.network.route_findings import blocked_text, skipped_text
from bot.text.suggest import listed

SELF = "·"
UNKNOWN = "?"
OPEN = "✓"


def mesh_findings(facts: Facts, swarm: ClusterFacts) -> list[Finding]:
    """Return what is blocked, cut off, unknown to gossip, and what was skipped; ``failed`` must be fixed."""
    found = []
    if closed := [probed for probed in facts.probed_routes if probed.blocked]:
        ports = "the port" if len(closed) == 1 else "these ports"
        step = f"Open {ports} in the firewalls between the hosts. `/swarm check HOST` tests one host again."
        found.append(Finding("failed", f"{blocked_text(closed)}.", next_step=step))
    found += _overlay(facts.mesh) if facts.mesh else [Finding("warning", f"overlay skipped: {facts.mesh_failure}")]
    found += [
        Finding("warning", f"{tick(node.name)} is {node.state}: skipped") for node in swarm.nodes if not node.ready
    ]
    if unseen := [probed for probed in facts.probed_routes if probed.state == "untested"]:
        found.append(Finding("warning", f"skipped: {skipped_text(unseen)}"))
    return found


def matrix_rows(facts: Facts, names: list[str]) -> list[list[str]]:
    """Return the matrix of blocked ports: a row for each sending node, a column for each receiving node."""
    between: dict[tuple[str, str], list[ProbedRoute]] = {}
    for probed in facts.probed_routes:
        between.setdefault((probed.route.source, probed.route.target), []).append(probed)
    return [
        [SELF if one == other else _cell(between.get((one, other), []), facts.mesh, one, other) for other in names]
        for one in names
    ]


def _cell(probed_routes: list[ProbedRoute], mesh: Mesh | None, source: str, target: str) -> str:
    closed = [f"✗ {probed.route.name}" for probed in probed_routes if probed.blocked]
    overlay = _reaches(mesh, source, target)
    if overlay is False:
        closed.append("✗ overlay")
    unseen = overlay is None or not probed_routes or any(probed.state == "untested" for probed in probed_routes)
    return " ".join(closed) or (UNKNOWN if unseen else OPEN)


def _reaches(mesh: Mesh | None, source: str, target: str) -> bool | None:
    if mesh is None or source not in mesh.reached or target not in mesh.addresses:
        return None
    return target in mesh.reached[source]


def _overlay(mesh: Mesh) -> list[Finding]:
    cut = {
        source: [target for target in mesh.addresses if target != source and target not in reached]
        for source, reached in mesh.reached.items()
    }
    deaf = {
        host: [other for other, address in mesh.addresses.items() if address not in known]
        for host, known in mesh.gossip_peers.items()
    }
    found = [
        Finding(
            "failed",
            f"overlay: containers on {listed(sources)} do not reach containers on {listed(targets, joint='or')}.",
        )
        for sources, targets in _alike(cut)
    ]
    found += [_unknown(hosts, others) for hosts, others in _alike(deaf)]
    found += [Finding("warning", f"overlay on {tick(host)} skipped: {why}") for host, why in mesh.skipped.items()]
    found += [
        Finding("warning", f"not removed: {what}.", next_step="A later `/swarm check --all` removes it.")
        for what in mesh.leftovers
    ]
    return found


def _unknown(hosts: list[str], others: list[str]) -> Finding:
    """Return the finding for ready nodes that gossip does not know. A restart fixes this (facts/swarm.md)."""
    verb = "does" if len(hosts) == 1 else "do"
    one_by_one = ", one at a time" if len(others) > 1 else ""
    step = f"If 7946/tcp+udp is open, restart Docker on {listed(others)}{one_by_one}."
    return Finding("failed", f"gossip: {listed(hosts)} {verb} not know {listed(others, joint='or')}.", next_step=step)


def _alike(lacking: Mapping[str, list[str]]) -> list[tuple[list[str], list[str]]]:
    """Return the hosts grouped by what they lack, names in backticks."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for host, others in lacking.items():
        if others:
            groups.setdefault(tuple(map(tick, others)), []).append(tick(host))
    return [(hosts, [*others]) for others, hosts in groups.items()]
