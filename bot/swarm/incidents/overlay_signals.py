"""Signals about routes between nodes that are blocked although the managers see the nodes as ready. Pure.

They come from the check that watch makes now and then (``watch.overlay_check``), the same as `/swarm check --all`.
"""

from __future__ import annotations

from typing import Final

from bot.model import ClusterFacts, Facts
from bot.model.incident import Tracked, WatchState
from bot.model.observation import Signal
from bot.swarm.incidents.partial_observation import NOTHING, PartialObservation, key_of
from bot.swarm.network.mesh_findings import mesh_findings, pair_states

MAX_CHECKED_NODES: Final = 50
"""Every node is tested with every other one. In larger clusters this many nodes are tested, other ones at each
check."""
CONFIRMED_S: Final = 30.0
"""A second check must show it, after this time: a node may lose power while the first one runs."""
OVERLAY_KEY: Final = key_of("overlay cut off", "")


def overlay_signals(before: WatchState, checked: Facts | None) -> PartialObservation:
    """Return what the check that has just ended shows; ``checked`` are its facts, None if none has.

    What was reported is over when every route that was blocked was seen to be open, or its node has left the cluster.
    """
    if checked is None or checked.swarm is None:
        return NOTHING
    swarm = checked.swarm
    ready = {node.name: node.id for node in swarm.nodes if node.ready}
    tested = {name for probed in checked.probed_routes for name in (probed.route.source, probed.route.target)}
    ids = {name: node for name, node in ready.items() if name in tested}
    states = {(ids[source], ids[target]): state for (source, target), state in pair_states(checked, [*ids]).items()}
    blocked = {node for pair, state in states.items() if state == "blocked" for node in pair}
    told = _told(before) & {node.id for node in swarm.nodes}
    unknown = {
        node
        for node in told
        for other in told
        if other != node and "untested" in {states.get(pair, "untested") for pair in ((node, other), (other, node))}
    }
    whole = ids == ready and {*states.values()} == {"open"}
    now = f"all nodes of {checked.name} reach each other" if whole else "the routes that were blocked are open"
    return PartialObservation(
        signals=(_cut_off(checked, swarm, blocked | unknown),) if blocked else (),
        read=frozenset({"overlay cut off"}),
        unread=frozenset({OVERLAY_KEY}) if unknown else frozenset(),
        well={OVERLAY_KEY: f"a check shows that {now}"},
    )


def nodes_to_check(before: WatchState, swarm: ClusterFacts, check_number: int) -> tuple[str, ...]:
    """Return the ids of the nodes between which to test now; () for all.

    If there are more than MAX_CHECKED_NODES, these are the nodes whose routes were blocked, the managers, and, in turn,
    as many of the other hosts of swarmbot.yml as fit: ``check_number`` grows by one with each check.
    """
    ready = [node for node in swarm.nodes if node.ready]
    if len(ready) <= MAX_CHECKED_NODES:
        return ()
    doubted = _told(before) | {node for each in before.waiting for node in each.signal.nodes if _is_overlay(each)}
    hosts = sorted((node for node in ready if node.host), key=lambda node: (node.id not in doubted, node.role, node.id))
    always = sum(node.id in doubted or node.role == "manager" for node in hosts)
    first, others = hosts[:always][:MAX_CHECKED_NODES], hosts[always:]
    room = min(MAX_CHECKED_NODES - len(first), len(others))
    start = check_number * room % max(1, len(others))
    return tuple(node.id for node in (*first, *[*others, *others][start : start + room]))


def is_overlay_told(before: WatchState) -> bool:
    """Return whether an open incident reports blocked routes."""
    return bool(_told(before))


def is_overlay_doubted(before: WatchState) -> bool:
    """Return whether one check has shown a blocked route, and a second one must confirm it."""
    return any(map(_is_overlay, before.waiting))


def _told(before: WatchState) -> set[str]:
    """Return the ids of the nodes at the ends of routes that an incident says are blocked."""
    tracked = (each for incident in before.incidents if incident.open for each in incident.tracked if not each.over_at)
    return {node for each in tracked if _is_overlay(each) for node in each.signal.nodes}


def _is_overlay(each: Tracked) -> bool:
    return each.signal.key == OVERLAY_KEY


def _cut_off(checked: Facts, swarm: ClusterFacts, nodes: set[str]) -> Signal:
    first, *others = [finding for finding in mesh_findings(checked, swarm) if finding.sign == "failed"]
    return Signal(
        "overlay cut off",
        "",
        "critical",
        f"nodes of {checked.name} do not reach each other: {first.text.rstrip('.')}",
        checked.at,
        at_latest=True,
        advice=first.next_step or "`/swarm check --all` shows which ports are blocked",
        lines=tuple(finding.text for finding in others),
        nodes=tuple(sorted(nodes)),
        holds_s=CONFIRMED_S,
    )
