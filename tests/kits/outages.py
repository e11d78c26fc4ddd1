"""Faults of hosts, one after the other, as the engines that remain saw them; and what watch reported of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from random import Random
from time import monotonic, time
from typing import Final

from bot.swarm.incidents.flapping import WINDOW_S
from sandbox.fleet.shell import until
from tests.kits.host_faults import HostFaults, Kind
from tests.kits.node_history import NodeHistory
from tests.kits.watch_scenario import WatchScenario

KINDS: Final[tuple[Kind, ...]] = ("power", "cable", "peers")
MANAGERS: Final = ("host-1", "host-2", "host-3")
FLICKER_S: Final = 10.0
"""An incident that begins again within this time is about the same outage: a manager that returns may force
elections."""
SEEN_TIMEOUT_S: Final = 90.0
"""A manager that was cut off needs up to 47 s to return (docs/swarm-behaviour.md#managers-and-raft)."""
OVER_TIMEOUT_S: Final = WINDOW_S + SEEN_TIMEOUT_S
"""Faults may bring others with them, so that a node flaps: its incident ends when it was stable for some minutes."""


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
    """From the beginning of an incident, reported for the first time or again, to the end that was reported."""

    incident: str
    host: str
    began: float
    ended: float
    """0 if its end was not reported."""


def outages(
    scenario: WatchScenario, history: NodeHistory, chance: Random, hosts: Sequence[str], seconds: float
) -> list[Outage]:
    """Cause one fault after the other for this many seconds: the next one when the incident of the last one is over.

    The hosts take turns, and slowly enough that none of them flaps by its own faults.
    """
    deadline = monotonic() + seconds
    found: list[Outage] = []
    for host in cycle(hosts):
        if monotonic() >= deadline:
            return found
        found.append(_outage(scenario, history, chance.choice(KINDS), host))
        next_at = found[-1].began + WINDOW_S / len(hosts)
        until(lambda at=next_at: time() >= at, "the next fault is due", timeout=WINDOW_S)  # type: ignore[misc]
    return found


def _outage(scenario: WatchScenario, history: NodeHistory, kind: Kind, host: str) -> Outage:
    faults, about = HostFaults(scenario.fleet), f"{host} ({kind})"
    history.faulty, began = host, time()
    faults.inject((kind, host, ""))
    seen = history.wait_for(lambda each: each.is_lost(host), began, f"{about} is lost", timeout=SEEN_TIMEOUT_S).at
    until(lambda: bool(_open_about(scenario, host)), f"{about} is told", timeout=SEEN_TIMEOUT_S)
    repaired = time()
    faults.fix((kind, host, ""))
    well = history.wait_for(lambda each: each.is_well(host), repaired, f"{about} is well", timeout=SEEN_TIMEOUT_S).at
    until(lambda: all(not each.open for each in scenario.incidents()), f"{about} is over", timeout=OVER_TIMEOUT_S)
    leaderless = any(not each.nodes for each in history.between(began, well))
    return Outage(kind, host, began, seen, repaired, well, leaderless)


def _open_about(scenario: WatchScenario, host: str) -> list[str]:
    return [each.id for each in scenario.incidents() if each.open and host in each.root_signal.hosts]


def told_of(scenario: WatchScenario, *, leader: bool = False) -> list[Told]:
    """Return what was reported of hosts, by the audit log, in order; with ``leader``, that there was none.

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
