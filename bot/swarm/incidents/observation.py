"""One reading of a cluster as signals. Pure: facts in, signals out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.model import Facts
from bot.model.incident import WatchSettings, WatchState
from bot.model.observation import Extra, Observation, Signal
from bot.swarm.incidents.leadership import leader_answered_at
from bot.swarm.incidents.membership_signals import membership_signals
from bot.swarm.incidents.node_signals import host_signals, node_signals
from bot.swarm.incidents.overlay_signals import overlay_signals
from bot.swarm.incidents.partial_observation import NOTHING, joined
from bot.swarm.incidents.quorum_signals import is_trusted, quorum_held, quorum_signals
from bot.swarm.incidents.service_signals import service_signals
from bot.swarm.incidents.upkeep_signals import upkeep_signals
from bot.swarm.incidents.watch_state import with_known_failures

UNWATCHED_S: Final = 60.0
"""If nothing was read for this long, what is seen then may have begun before."""


def observe(
    before: WatchState,
    facts: Facts,
    settings: WatchSettings,
    extra: Extra | None = None,
    checked: Facts | None = None,
) -> Observation:
    """Return what one reading of a cluster shows, and what the check of its routes has shown that has just ended.

    The facts must have been read with all hosts and with services; where
    :func:`bot.swarm.incidents.service_signals.needs_tasks` says so, with the task list too. Certificates and networks
    are judged if they were read.
    """
    known = with_known_failures(before, facts)
    swarm = facts.swarm if is_trusted(known) else None
    found = joined(
        (
            quorum_signals(before, known),
            host_signals(facts, swarm),
            node_signals(before, known, swarm) if swarm else NOTHING,
            service_signals(before, facts, swarm) if swarm else NOTHING,
            membership_signals(before, facts, swarm),
            upkeep_signals(facts, swarm, settings, extra or Extra()),
            overlay_signals(before, checked),
        )
    )
    leader = swarm.leader if swarm else None
    return Observation(
        cluster=facts.name,
        at=facts.at,
        signals=tuple(_dated(before, signal, facts.at) for signal in found.signals),
        read=found.read,
        unread=found.unread,
        well=found.well,
        quorum=quorum_held(known),
        leader=leader.id if leader else "",
        leader_name=leader.name if leader else "",
        leader_answered_at=leader_answered_at(facts, leader),
    )


def _dated(before: WatchState, signal: Signal, at: float) -> Signal:
    """Return the signal, with whether it may have begun while nothing was read."""
    unwatched = signal.since == at and at - before.read_at > UNWATCHED_S
    return replace(signal, at_latest=True) if unwatched else signal


def nothing_read(cluster: str, at: float) -> Observation:
    """Return an observation in which only time has passed: for a step that is due."""
    return Observation(cluster, at, (), frozenset())
