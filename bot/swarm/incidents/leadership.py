"""Which manager leads, since when it leads, and how long there may have been no leader. Pure."""

from __future__ import annotations

from typing import Final

from bot.blocks import tick
from bot.model import ClusterFacts, Facts, NodeFacts
from bot.model.incident import WatchState
from bot.model.observation import Signal
from bot.swarm.incidents.grouping import PLACES
from bot.swarm.incidents.watch_state import held_signals
from bot.text.durations import at_most

MEMORY_S: Final = 28.0
"""How long managers may name a leader that no longer leads (docs/swarm-behaviour.md#managers-and-raft)."""


def leader_answered_at(facts: Facts, leader: NodeFacts | None) -> float:
    """Return when the leader's own engine was asked and answered as a manager, unix seconds; 0 if it did not."""
    host = facts.hosts.get(leader.host) if leader else None
    return facts.at - facts.duration_s if host is not None and host.can_read_cluster else 0.0


def new_leader(before: WatchState, facts: Facts, swarm: ClusterFacts) -> list[Signal]:
    """Return a note if another manager leads than before."""
    leader = swarm.leader
    if leader is None or not before.leader or before.leader == leader.id or before.leader_name == leader.name:
        return []
    old = swarm.node(before.leader)
    name = old.name if old else before.leader_name or before.leader
    gap_s = _longest_gap_s(before, facts, old)
    gap = f", after {at_most(gap_s)} without a leader" if gap_s else ""
    return [
        Signal(
            "leader changed",
            leader.name,
            "note",
            f"{tick(leader.name)} leads {facts.name} now, in place of {tick(name)}{gap}",
            facts.at,
            subject_id=f"{before.leader}>{leader.id}",
            nodes=(before.leader,),
            hosts=(old.host,) if old and old.host else (),
        )
    ]


def _longest_gap_s(before: WatchState, facts: Facts, old: NodeFacts | None) -> float:
    """Return the longest time in seconds that there may have been no leader; 0 if no sign of it was seen.

    Managers name a dead leader from memory until they elect another one, and a leader that is cut off still responds.
    So the time runs from its last answer only if it no longer responds.
    """
    if not _was_doubted(before):
        return 0.0
    host = facts.hosts.get(old.host) if old else None
    silent = host is not None and host.failure is not None
    led_until = before.leader_seen_at - MEMORY_S
    return facts.at - (max(led_until, before.leader_answered_at) if silent else led_until)


def _was_doubted(before: WatchState) -> bool:
    """Return whether a reading showed no leader since one was seen, or that its node or host was not well."""
    about = (
        before.leader in signal.nodes or before.leader_name in signal.hosts
        for signal in held_signals(before)
        if signal.kind in PLACES
    )
    return before.read_at > before.leader_seen_at > 0 or any(about)
