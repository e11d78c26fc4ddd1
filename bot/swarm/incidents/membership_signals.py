"""Signals about who is a member of what: cloned nodes, old records, and clusters made by hand. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from bot.blocks import tick
from bot.config.models import Severity
from bot.model import ClusterFacts, Facts, HostFacts
from bot.model.incident import WatchState
from bot.model.observation import Signal
from bot.swarm.health.issues import is_split_off, split_brain_issue
from bot.swarm.incidents.node_signals import split_off_advice
from bot.swarm.incidents.partial_observation import PartialObservation, joined, key_of
from bot.swarm.incidents.watch_state import held_signals
from bot.swarm.reading.cloned_nodes import clone_finding, clone_groups
from bot.swarm.reading.host_membership import is_membership_unknown, other_cluster_text, was_removed
from bot.swarm.reading.node_lookup import replacement_of
from bot.text.suggest import listed

RECORDS_HOLD_S: Final = 60.0
"""How long a signal must hold: a host that leaves and joins again, and a new cluster, are incomplete for some
seconds."""


def membership_signals(before: WatchState, facts: Facts, swarm: ClusterFacts | None) -> PartialObservation:
    """Return what is wrong with memberships. ``swarm`` is given if the cluster has a quorum."""
    clones = _clones(before, facts)
    return joined([clones, _records(before, facts, swarm), _second_clusters(facts)]) if swarm else clones


def _clones(before: WatchState, facts: Facts) -> PartialObservation:
    """Return the hosts with one node id. That it is over is known when all of them respond."""
    groups = clone_groups(facts)
    found = {group[0].node_id: group for group in groups}
    signals = [
        Signal(
            "node cloned",
            node_id,
            "critical",
            finding.text.rstrip("."),
            facts.at,
            advice=_clone_advice(group),
            nodes=(node_id,),
            hosts=tuple(host.name for host in group),
        )
        for node_id, group in found.items()
        for finding in [clone_finding(group)]
    ]
    unread = {
        signal.key
        for signal in held_signals(before)
        if signal.kind == "node cloned" and not all(_responds(facts, name) for name in signal.hosts)
    }
    return PartialObservation(tuple(signals), frozenset({"node cloned"}), frozenset(unread))


def _responds(facts: Facts, name: str) -> bool:
    """Return whether a host responds, or is not in swarmbot.yml any more."""
    return name not in facts.hosts or facts.hosts[name].responds


def _clone_advice(group: list[HostFacts]) -> str:
    role = "manager" if any(host.is_manager for host in group) else "worker"
    joins = listed((f"`/swarm join {role} {host.name}`" for host in group), joint="or")
    return f"on the clone only, run `docker swarm leave --force`, then make it a node of its own: {joins}"


def _records(before: WatchState, facts: Facts, swarm: ClusterFacts) -> PartialObservation:
    """Return the old records of hosts that joined again. Raft may still count one as a manager."""
    signals = [
        Signal(
            "duplicate record",
            node.hostname,
            "critical" if node.reachability else "warning",
            f"{tick(node.id)} is an old record of {tick(node.hostname)}, {node.state}"
            + ("; Raft still counts it as an unreachable manager" if node.reachability else ""),
            facts.at,
            subject_id=node.id,
            fix=f"remove {node.id}",
            advice=f"`/swarm remove {node.id}`",
            nodes=(node.id,),
            holds_s=RECORDS_HOLD_S,
        )
        for node in swarm.nodes
        if replacement_of(swarm, node)
    ]
    removed = {
        each.key: f"the old record {tick(each.subject_id)} of {tick(each.subject)} was removed"
        for each in held_signals(before)
        if each.kind == "duplicate record" and swarm.node(each.subject_id) is None
    }
    return PartialObservation(tuple(signals), frozenset({"duplicate record"}), well=MappingProxyType(removed))


def _second_clusters(facts: Facts) -> PartialObservation:
    signals = [signal for host in facts.hosts.values() for signal in _second_cluster(facts, host)]
    keys = {key_of("second cluster", host.name): host for host in facts.hosts.values()}
    unread = frozenset(key for key, host in keys.items() if not host.responds)
    well = {key: _at_home(facts, host) for key, host in keys.items() if host.responds}
    return PartialObservation(tuple(signals), frozenset({"second cluster"}), unread, MappingProxyType(well))


def _at_home(facts: Facts, host: HostFacts) -> str:
    if facts.member(host.name) is not None:
        return f"{tick(host.name)} is a node of {facts.name}"
    return f"the engine of {tick(host.name)} names no other cluster"


def _second_cluster(facts: Facts, host: HostFacts) -> list[Signal]:
    """Return that a host runs as a member of another cluster, or as a manager that this one does not hear or know."""
    if not host.responds or not host.runs_as_member or is_membership_unknown(facts, host):
        return []
    if (node := facts.member(host.name)) is not None:
        unheard = node.role == "manager" and node.reachability != "reachable" and is_split_off(facts, host)
        text = split_brain_issue(facts, host).text
        return [_of_host(facts, host, "critical", text, split_off_advice(facts, host))] if unheard else []
    if was_removed(facts, host):
        text = f"{tick(host.name)} still acts as a manager of {facts.name}, which has no record of it"
        signal = _of_host(facts, host, "critical", text, f"`/swarm leave {host.name} --force`")
        return [signal] if host.is_manager else []
    text = f"{tick(host.name)} is a member of another cluster: {other_cluster_text(facts, host)}"
    advice = f"remove {tick(host.name)} from {facts.name} in swarmbot.yml, or make it leave that cluster"
    return [_of_host(facts, host, "warning", text, advice)]


def _of_host(facts: Facts, host: HostFacts, severity: Severity, text: str, advice: str) -> Signal:
    return Signal(
        "second cluster",
        host.name,
        severity,
        text,
        facts.at,
        advice=advice,
        hosts=(host.name,),
        holds_s=RECORDS_HOLD_S,
    )
