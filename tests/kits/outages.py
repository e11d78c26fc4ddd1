"""Faults of hosts, one after the other, as the engines that remain saw them; and what watch told of each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import cycle
from random import Random
from time import monotonic, time
from typing import Final

from bot.errors import Failed
from sandbox.fleet.shell import until
from tests.kits.host_faults import HostFaults, Kind
from tests.kits.watch_scenario import WatchScenario

KINDS: Final[tuple[Kind, ...]] = ("power", "cable", "peers")
MANAGERS: Final = ("host-1", "host-2", "host-3")
SPACING_S: Final = 40.0
"""From one fault to the next one at least."""
FLICKER_S: Final = 10.0
"""An incident that begins again so soon is about the same outage: a manager that returns may force elections."""
SEEN_TIMEOUT_S: Final = 90.0
"""A manager that was cut off needs up to 47 s to return (docs/swarm-behaviour.md)."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A fault of one host. Times are unix seconds."""

    kind: Kind
    host: str
    began: float
    seen: float
    """When the engines called its node down, or its manager unreachable."""
    repaired: float
    well: float
    """When they called it ready and reachable again."""
    leaderless: bool
    """Whether a manager did not answer meanwhile, as while none leads."""


@dataclass(frozen=True, slots=True)
class Told:
    """From the beginning of an incident, told for the first time or again, to the end that was told."""

    incident: str
    host: str
    began: float
    ended: float
    """0 if its end was not told."""


def outages(scenario: WatchScenario, chance: Random, hosts: Sequence[str], seconds: float) -> list[Outage]:
    """Have one fault after the other for so many seconds: the next one when the incident of the last one is over.

    The hosts take turns, and slowly enough that none of them flaps.
    """
    deadline = monotonic() + seconds
    found: list[Outage] = []
    for host in cycle(hosts):
        if monotonic() >= deadline:
            return found
        found.append(_outage(scenario, chance.choice(KINDS), host))
        next_at = found[-1].began + SPACING_S
        until(lambda at=next_at: time() >= at, "the next fault is due", timeout=SPACING_S)  # type: ignore[misc]
    return found


def _outage(scenario: WatchScenario, kind: Kind, host: str) -> Outage:
    faults, about = HostFaults(scenario.fleet), f"{host} ({kind})"
    witness = next(name for name in MANAGERS if name != host)
    states: list[str] = []

    def state() -> str:
        states.append(_state(scenario, witness, host))
        return states[-1]

    began = time()
    faults.inject((kind, host, ""))
    until(lambda: _is_lost(state()), f"{about} is lost", timeout=SEEN_TIMEOUT_S)
    seen = time()
    until(lambda: bool(_open_about(scenario, host)), f"{about} is told", timeout=SEEN_TIMEOUT_S)
    repaired = time()
    faults.fix((kind, host, ""))
    until(lambda: _is_well(state()), f"{about} is well", timeout=SEEN_TIMEOUT_S)
    well = time()
    until(lambda: all(not each.open for each in scenario.incidents()), f"{about} is over", timeout=SEEN_TIMEOUT_S)
    return Outage(kind, host, began, seen, repaired, well, leaderless="" in states)


def _is_lost(state: str) -> bool:
    return state.startswith("Down") or state.endswith("Unreachable")


def _is_well(state: str) -> bool:
    return state.startswith("Ready") and not state.endswith("Unreachable")


def _state(scenario: WatchScenario, witness: str, host: str) -> str:
    with suppress(Failed):  # managers hang while none leads
        return scenario.nodes(witness)[host]
    return ""


def _open_about(scenario: WatchScenario, host: str) -> list[str]:
    return [each.id for each in scenario.incidents() if each.open and host in each.root_signal.hosts]


def told_of(scenario: WatchScenario, *, leader: bool = False) -> list[Told]:
    """Return what was told of hosts, by the audit log, in order; with ``leader``, that there was none.

    A new leader that is a message of its own has no end.
    """
    incidents = {
        each.id: each for each in scenario.incidents() if (each.root_signal.kind == "leader changed") is leader
    }
    notes = {each.id for each in incidents.values() if each.root_signal.severity == "note"}
    entries = sorted(scenario.audit.query(count=100_000), key=lambda entry: entry.seq)
    found: list[Told] = []
    for entry in entries:
        incident = entry.words.removeprefix("incidents ")
        if incident in notes or incident not in incidents:
            continue
        last = next((place for place in reversed(range(len(found))) if found[place].incident == incident), None)
        if entry.action == "incident reopened" and last is not None and entry.at - found[last].ended < FLICKER_S:
            found[last] = replace(found[last], ended=0.0)
        elif entry.action in {"incident opened", "incident reopened"}:
            hosts = incidents[incident].root_signal.hosts
            found.append(Told(incident, hosts[0] if hosts else "", entry.at, 0.0))
        elif entry.action == "incident resolved":
            assert last is not None
            assert not found[last].ended, f"{incident} was told twice to be over"
            found[last] = replace(found[last], ended=entry.at)
    return found
