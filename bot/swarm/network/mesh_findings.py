"""What `/swarm check --all` finds between all nodes: ports, overlay, gossip. Pure: facts in, findings out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bot.blocks import tick
from bot.model import ClusterFacts, Facts, Finding, Mesh, ProbedRoute
from bot.swarm.network.route_findings import blocked_text, skipped_text
from bot.swarm.network.routes import GOSSIP_PORT
from bot.text.suggest import listed

SELF = "·"
UNKNOWN = "?"
OPEN = "✓"
PairState = Literal["blocked", "open", "untested"]
"""The state of the route from one node to another. ``blocked``: a port is blocked, or one container did not reach the
other."""


def mesh_findings(facts: Facts, swarm: ClusterFacts) -> list[Finding]:
    """Return what is blocked, cut off, unknown to gossip, and what was skipped; ``failed`` must be fixed."""
    found = []
    if closed := [probed for probed in facts.probed_routes if probed.blocked]:
        ports = "the port" if len(closed) == 1 else "these ports"
        targets = [name for name in dict.fromkeys(probed.route.target for probed in closed) if name in facts.hosts]
        again = f" `/swarm check {' '.join(targets)}` tests {'it' if len(targets) == 1 else 'them'} again."
        step = f"Open {ports} in the firewalls between the hosts.{again if targets else ''}"
        found.append(Finding("failed", f"{blocked_text(closed)}.", next_step=step))
    if facts.mesh is None:
        found.append(Finding("warning", f"overlay skipped: {facts.mesh_failure}"))
    else:
        found += [*_overlay(facts.mesh), *_gossip(facts, facts.mesh, swarm), *_left_behind(facts.mesh)]
    found += [
        Finding("warning", f"{tick(node.name)} is {node.state}: skipped") for node in swarm.nodes if not node.ready
    ]
    if unseen := [probed for probed in facts.probed_routes if probed.state == "untested"]:
        found.append(Finding("warning", f"skipped: {skipped_text(unseen)}"))
    return found


def matrix_rows(facts: Facts, names: list[str]) -> list[list[str]]:
    """Return the matrix of blocked ports: a row for each sending node, a column for each receiving node."""
    between = _between(facts)
    return [
        [SELF if one == other else _cell(between.get((one, other), []), facts.mesh, one, other) for other in names]
        for one in names
    ]


def pair_states(facts: Facts, names: list[str]) -> dict[tuple[str, str], PairState]:
    """Return for each sender and receiver what was seen of the ports and of the overlay between them."""
    between = _between(facts)
    return {
        (one, other): _state(between.get((one, other), []), facts.mesh, one, other)
        for one in names
        for other in names
        if one != other
    }


def _between(facts: Facts) -> dict[tuple[str, str], list[ProbedRoute]]:
    between: dict[tuple[str, str], list[ProbedRoute]] = {}
    for probed in facts.probed_routes:
        between.setdefault((probed.route.source, probed.route.target), []).append(probed)
    return between


def _cell(probed_routes: list[ProbedRoute], mesh: Mesh | None, source: str, target: str) -> str:
    closed = [f"✗ {probed.route.name}" for probed in probed_routes if probed.blocked]
    if _reaches(mesh, source, target) is False:
        closed.append("✗ overlay")
    return " ".join(closed) or (UNKNOWN if _state(probed_routes, mesh, source, target) == "untested" else OPEN)


def _state(probed_routes: list[ProbedRoute], mesh: Mesh | None, source: str, target: str) -> PairState:
    overlay = _reaches(mesh, source, target)
    if overlay is False or any(probed.blocked for probed in probed_routes):
        return "blocked"
    unseen = overlay is None or not probed_routes or any(probed.state == "untested" for probed in probed_routes)
    return "untested" if unseen else "open"


def _reaches(mesh: Mesh | None, source: str, target: str) -> bool | None:
    if mesh is None or source not in mesh.reached or target not in mesh.addresses:
        return None
    if target in mesh.unsure.get(source, ()):
        return None
    return target in mesh.reached[source]


def _overlay(mesh: Mesh) -> list[Finding]:
    cut = {source: [target for target in mesh.addresses if _is_cut(mesh, source, target)] for source in mesh.reached}
    found = [
        Finding(
            "failed",
            f"overlay: containers on {listed(sources)} do not reach containers on {listed(targets, joint='or')}.",
        )
        for sources, targets in _alike(cut)
    ]
    once = {
        source: [target for target in mesh.addresses if target in targets] for source, targets in mesh.unsure.items()
    }
    why = "it failed once and could not be tested again"
    return found + [
        Finding("warning", f"skipped: overlay from {listed(sources)} to {listed(targets)} ({why})")
        for sources, targets in _alike(once)
    ]


def _is_cut(mesh: Mesh, source: str, target: str) -> bool:
    return target != source and _reaches(mesh, source, target) is False


def _left_behind(mesh: Mesh) -> list[Finding]:
    skipped = [Finding("warning", f"overlay on {tick(host)} skipped: {why}") for host, why in mesh.skipped.items()]
    step = "A later `/swarm check --all` removes it."
    return skipped + [Finding("warning", f"not removed: {what}.", next_step=step) for what in mesh.leftovers]


def _gossip(facts: Facts, mesh: Mesh, swarm: ClusterFacts) -> list[Finding]:
    """Return the ready nodes that gossip does not know.

    A blocked port between the nodes is the cause. Otherwise a restart of Docker fixes it
    (docs/swarm-behaviour.md#networks), but that of a manager costs a member of Raft meanwhile, so it is not advised.
    """
    deaf = {
        host: [other for other, address in mesh.addresses.items() if address not in known]
        for host, known in mesh.gossip_peers.items()
    }
    gossip = [probed for probed in facts.probed_routes if probed.route.port == GOSSIP_PORT]
    managers = {tick(node.name) for node in swarm.managers}
    found = []
    for hosts, others in _alike(deaf):
        between = [p for p in gossip if {tick(p.route.source), tick(p.route.target)} & {*others}]
        workers = [other for other in others if other not in managers]
        one_by_one = ", one at a time" if len(workers) > 1 else ""
        step = f"Restart Docker on {listed(workers)}{one_by_one}." if workers else "`/swarm check --all` again in 60 s."
        if any(probed.blocked for probed in between):
            step = f"The cause is the blocked port {GOSSIP_PORT}: open it."
        elif any(probed.state == "untested" for probed in between):
            step = f"Check that {GOSSIP_PORT}/tcp+udp is open to {listed(others)}."
        verb = "does" if len(hosts) == 1 else "do"
        text = f"gossip: {listed(hosts)} {verb} not know {listed(others, joint='or')}."
        found.append(Finding("failed", text, next_step=step))
    return found


def _alike(lacking: Mapping[str, list[str]]) -> list[tuple[list[str], list[str]]]:
    """Return the hosts grouped by what they lack, names in backticks."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for host, others in lacking.items():
        if others:
            groups.setdefault(tuple(map(tick, others)), []).append(tick(host))
    return [(hosts, [*others]) for others, hosts in groups.items()]
