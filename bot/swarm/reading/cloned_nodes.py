"""Hosts with one node id: a machine that was copied with its swarm state. The cluster sees them as one node. Pure.

Each of them runs the node's tasks and responds for it in turn, so an order for one may reach the other (moby#46167).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from bot.blocks import tick
from bot.model import Facts, Finding, HostFacts, Plan
from bot.text.suggest import listed

MIN_ID_CHARS: Final = 4
"""A shorter word does not count as the start of a node id."""


def clones_of(facts: Facts, host: HostFacts) -> list[HostFacts]:
    """Return all hosts that have the node id of ``host``, itself among them; [] if it is the only one."""
    if not host.in_swarm or not host.node_id:
        return []
    same = [other for other in facts.hosts.values() if other.in_swarm and other.node_id == host.node_id]
    return same if len(same) > 1 else []


def clone_groups(facts: Facts) -> list[list[HostFacts]]:
    """Return each group of hosts with one node id."""
    counts = Counter(host.node_id for host in facts.hosts.values() if host.in_swarm)
    groups = {host.node_id: clones_of(facts, host) for host in facts.hosts.values() if counts[host.node_id] > 1}
    return [group for group in groups.values() if group]


def clone_finding(clones: list[HostFacts]) -> Finding:
    """Return what is wrong with these hosts, and how to repair the clone."""
    names = listed(tick(host.name) for host in clones)
    role = "manager" if any(host.is_manager for host in clones) else "worker"
    text = f"{names} have the same node id {tick(clones[0].node_id)}: one is a clone of the other."
    step = (
        f"On the clone only, run `docker swarm leave --force`, then `/swarm join {role} HOST` makes it a node of its "
        "own."
    )
    return Finding("failed", text, clones[0].name, step)


def refuse_named_clones(facts: Facts, words: Iterable[str]) -> None:
    """Raise Refused if one of ``words`` names a host whose node id another host has too."""
    named = {*words}
    for group in clone_groups(facts):
        known = {name for host in group for name in (host.name, host.hostname)}
        if named & known or any(len(w) >= MIN_ID_CHARS and group[0].node_id.startswith(w) for w in named):
            raise clone_finding(group).refusal()


def refuse_steps_on_clones(facts: Facts, plan: Plan) -> None:
    """Raise Refused if a step is about a host whose node id another host has too."""
    targets = {getattr(step.operation, field, "") for step in plan.steps for field in ("host", "node")}
    for group in clone_groups(facts):
        if targets & {group[0].node_id, *(host.name for host in group)}:
            raise clone_finding(group).refusal()
