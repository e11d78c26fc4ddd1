"""What was seen of hosts before, for a reading that did not wait for them. Pure."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.model import Facts, HostFacts, HostFailure
from bot.model.incident import Signal, Tracked, WatchState
from bot.swarm.incidents.grouping import HOSTS

LATE_HOLDS_S: Final = 60.0
"""How long a host must answer too late, again and again, until people are told: it may only be busy."""


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
    """Return what holds as far as is known, told or not."""
    tracked = [*before.waiting, *(each for incident in before.incidents if incident.open for each in incident.tracked)]
    return [each for each in tracked if not each.over_at]


def held_signals(before: WatchState) -> list[Signal]:
    """Return the signals that hold as far as is known, told or not."""
    return [each.signal for each in held(before)]


def _failed(host: HostFacts, signal: Signal) -> HostFacts:
    happened = signal.lines[0] if signal.lines else signal.text
    if signal.kind == "engine stopped":
        return replace(host, failure=HostFailure("docker stopped", happened, signal.advice))
    late = signal.holds_s >= LATE_HOLDS_S
    return replace(host, failure=HostFailure("slow" if late else "timed out", happened, signal.advice))
