"""Which signal explains which, and which is the root of an incident. Pure.

A cause has a lower rank than what it explains, so that no two signals explain each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bot.model.incident import PlannedWork, Tracked
from bot.model.observation import Signal, SignalKind
from bot.swarm.reading.parse_services import STEADY_S

RANKS: Final[tuple[SignalKind, ...]] = (
    "quorum lost",
    "node cloned",
    "second cluster",
    "engine stopped",
    "node down",
    "manager unreachable",
    "host silent",
    "leader changed",
    "quorum at risk",
    "overlay cut off",
    "update failed",
    "tasks failing",
    "tasks pending",
    "service short of tasks",
    "duplicate record",
    "clock drift",
    "certificate expires",
    "redis not durable",
    "audit chain broken",
    "addresses used up",
    "token not rotated",
    "backup old",
)
RANK_OF: Final[Mapping[SignalKind, int]] = {kind: number for number, kind in enumerate(RANKS)}
NO_HOST_RANK: Final = -1
"""The rank of the signal that no manager can be reached at all."""
NODES: Final[frozenset[SignalKind]] = frozenset({"node down", "manager unreachable"})
"""Kinds that the managers say of a node."""
HOSTS: Final[frozenset[SignalKind]] = frozenset({"host silent", "engine stopped"})
"""Kinds that a host itself shows."""
PLACES: Final = NODES | HOSTS
"""Kinds about one node or host."""
MANAGERS: Final[frozenset[SignalKind]] = frozenset({"quorum at risk", "leader changed"})
SERVICES: Final[frozenset[SignalKind]] = frozenset(
    {"update failed", "tasks failing", "tasks pending", "service short of tasks"}
)
FAILURES: Final[frozenset[SignalKind]] = frozenset({"update failed", "tasks failing"})
"""Kinds about a service that a job about one of its nodes does not explain: their tasks were not lost, but failed."""
FOLLOWING: Final[Mapping[SignalKind, frozenset[SignalKind]]] = {
    **dict.fromkeys(("quorum lost", "node cloned", "second cluster"), PLACES),
    **dict.fromkeys(PLACES, PLACES | MANAGERS | SERVICES | {"certificate expires"}),  # which nobody renews then
    "host silent": PLACES | MANAGERS,  # it says nothing of the tasks
}
"""What may follow from a cause on the same node or host, if its rank is higher."""
PLANNABLE: Final[frozenset[SignalKind]] = PLACES | MANAGERS | SERVICES | {"duplicate record", "second cluster"}
"""What a job of Swarmbot's own may cause. The loss of the quorum is never planned."""
AFTER_WORK_S: Final = 60.0
"""How long after its end a job explains what it caused."""
AFTER_RESTARTS_S: Final = STEADY_S + 20.0
"""How long after its end a job that restarted engines explains tasks that failed meanwhile. They count as failing until
their successors have run for a while."""
AWAITED_S: Final = 60.0
"""How long a silent host is not reported while what may explain it has not held long enough."""
BEGUN_S: Final = 20.0
"""A problem of a service must have begun within this time after the end of a job that explains it."""


def rank(signal: Signal) -> int:
    """Return the rank of a signal: the lowest of an incident is its root."""
    if signal.kind == "host silent" and not signal.subject:
        return NO_HOST_RANK
    return RANK_OF[signal.kind]


def explains(cause: Signal, effect: Signal) -> bool:
    """Return whether ``effect`` follows from ``cause``, so that only the cause needs to be reported."""
    if cause.kind == effect.kind == "leader changed":
        return not cause.subject and bool(effect.subject)  # a missing leader explains a new leader
    if rank(cause) >= rank(effect):
        return False
    if rank(cause) == NO_HOST_RANK:
        return effect.kind == "host silent"
    if cause.kind in SERVICES:
        return effect.kind in SERVICES and cause.subject_id == effect.subject_id
    if cause.kind == "quorum lost" and effect.kind in MANAGERS:
        return True
    return effect.kind in FOLLOWING.get(cause.kind, ()) and _related(cause, effect)


def awaits_cause(signal: Signal, waiting: Iterable[Tracked], now: float) -> bool:
    """Return whether a silent host may soon be explained: by the loss of the quorum, or because no host answers.

    While no manager leads, the quorum may be lost.
    """
    causes = (
        each.signal
        for each in waiting
        if each.signal.kind in {"quorum lost", "host silent", "leader changed"} and now - each.first_seen < AWAITED_S
    )
    return signal.kind == "host silent" and any(
        cause.kind == "leader changed" or explains(cause, signal) for cause in causes
    )


def root_of(tracked: Iterable[Tracked]) -> Tracked:
    """Return the signal that explains the others, if there is one."""
    return min(tracked, key=lambda each: (rank(each.signal), each.first_seen, each.signal.key))


def headline_of(tracked: Iterable[Tracked]) -> Tracked:
    """Return the signal to name first: the root of those that still hold, or of all if none does."""
    tracked = list(tracked)
    return root_of([each for each in tracked if not each.over_at] or tracked)


def flapping_of(tracked: Iterable[Tracked]) -> Tracked | None:
    """Return the signal to report as flapping; None while a worse one holds, or if no signal is flapping."""
    tracked = list(tracked)
    flapping = [each for each in tracked if each.flapping]
    if not flapping:
        return None
    holding = [each for each in tracked if not each.over_at]
    worse = holding and not (top := root_of(holding)).flapping and rank(top.signal) < rank(root_of(flapping).signal)
    return None if worse else root_of(flapping)


def work_behind(signal: Signal, work: Iterable[PlannedWork], now: float) -> PlannedWork | None:
    """Return the job of Swarmbot's own that explains a signal; None if there is none."""
    if signal.kind not in PLANNABLE:
        return None
    running = [each for each in work if not each.ended_at or now < _explains_until(each, signal)]
    if signal.kind in SERVICES:
        running = [each for each in running if not each.ended_at or signal.since <= each.ended_at + BEGUN_S]
    return next((each for each in running if not each.names or _names(each, signal)), None)


def _explains_until(work: PlannedWork, signal: Signal) -> float:
    restarts = signal.kind == "tasks failing" and not work.names
    return work.ended_at + (AFTER_RESTARTS_S if restarts else AFTER_WORK_S)


def _names(work: PlannedWork, signal: Signal) -> bool:
    if signal.kind in FAILURES:
        return is_about_service(work, signal)
    about = {signal.subject, signal.subject_id, *signal.nodes, *signal.hosts} - {""}
    return is_about_service(work, signal) or not about.isdisjoint(work.names)


def is_about_service(work: PlannedWork, signal: Signal) -> bool:
    """Return whether a job is about the service of a signal, by its name or its stack's, or about every node."""
    of_stack = any(signal.subject.startswith(f"{name}_") for name in work.names)
    return signal.kind in SERVICES and (
        not work.names or of_stack or not {signal.subject, signal.subject_id}.isdisjoint(work.names)
    )


def _related(one: Signal, other: Signal) -> bool:
    return not set(one.nodes).isdisjoint(other.nodes) or not set(one.hosts).isdisjoint(other.hosts)
