"""What is remembered from one reading to the next: incidents, what waits, and what was seen of hosts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.model import Facts, HostFacts, HostFailure
from bot.model.incident import Incident, Tracked, WatchState
from bot.model.observation import Observation, Signal
from bot.swarm.incidents.grouping import HOSTS

KEPT_S: Final = 24 * 3600.0
"""How long an incident is kept after its end."""
MAX_ENDED: Final = 200
"""At most this many ended incidents are kept: the last ones."""
LATE_HOLDS_S: Final = 60.0
"""How long a host must respond too late, again and again, until it is reported: it may only be busy."""


def with_known_failures(before: WatchState, facts: Facts) -> Facts:
    """Return the facts with what was last seen of hosts that this reading did not wait for, because they were silent.

    Otherwise a quorum that was lost would seem to be there again whenever a reading does not wait for lost managers.
    """
    known = {signal.subject: signal for signal in held_signals(before) if signal.kind in HOSTS}
    late = [host for host in facts.hosts.values() if host.awaited and host.name in known]
    if not late:
        return facts
    failed = {host.name: _failed(host, known[host.name]) for host in late}
    return replace(facts, hosts=MappingProxyType({**facts.hosts, **failed}))


def held(before: WatchState) -> list[Tracked]:
    """Return what holds as far as is known, reported or not."""
    tracked = [*before.waiting, *(each for incident in before.incidents if incident.open for each in incident.tracked)]
    return [each for each in tracked if not each.over_at]


def held_signals(before: WatchState) -> list[Signal]:
    """Return the signals that hold as far as is known, reported or not."""
    return [each.signal for each in held(before)]


def remembered(
    state: WatchState, seen: Observation, incidents: Sequence[Incident], waiting: Sequence[Tracked]
) -> WatchState:
    """Return what is remembered after an observation: what waits, and the incidents that are open or ended recently."""
    led = bool(seen.leader)
    same = seen.leader in {"", state.leader}
    return WatchState(
        incidents=_kept(incidents, seen.at),
        waiting=tuple(waiting),
        leader=seen.leader or state.leader,
        leader_name=seen.leader_name if led else state.leader_name,
        leader_seen_at=max(state.leader_seen_at, seen.at) if led else state.leader_seen_at,
        leader_answered_at=max(state.leader_answered_at if same else 0.0, seen.leader_answered_at),
        read_at=max(state.read_at, seen.at) if seen.read else state.read_at,
        overlay_checked_at=seen.at if "overlay cut off" in seen.read else state.overlay_checked_at,
    )


def _kept(incidents: Sequence[Incident], now: float) -> tuple[Incident, ...]:
    """Return the incidents to remember: those that are open, and the last ones that ended not long ago."""
    ended = sorted((each.resolved_at for each in incidents if not each.open), reverse=True)
    oldest = max(now - KEPT_S, ended[MAX_ENDED - 1] if len(ended) >= MAX_ENDED else 0.0)
    return tuple(each for each in incidents if each.open or each.resolved_at > oldest)


def _failed(host: HostFacts, signal: Signal) -> HostFacts:
    happened = signal.lines[0] if signal.lines else signal.text
    if signal.kind == "engine stopped":
        return replace(host, failure=HostFailure("docker stopped", happened, signal.advice))
    late = signal.holds_s >= LATE_HOLDS_S
    return replace(host, failure=HostFailure("slow" if late else "timed out", happened, signal.advice))
