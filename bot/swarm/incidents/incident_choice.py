"""Which incident a new signal becomes part of: one that explains it, one that ended just now, or one like it. Pure.

An incident is returned as its place in ``incidents``. ``now`` is in unix seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.model.incident import Incident, Tracked
from bot.model.observation import Signal
from bot.swarm.incidents.grouping import NODES, PLACES, SERVICES, explains, headline_of, rank

REOPEN_S: Final = 120.0
"""A signal that begins again within this time after its incident ended continues that incident and its thread."""
BETTER_ROOT_S: Final = 60.0
"""How long after its beginning an incident gets another root only by an edit of its message, which notifies nobody."""
MAX_ALIKE: Final = 4
"""How many incidents of one kind may begin within BETTER_ROOT_S. What follows is part of the last one."""
AFTERMATH_S: Final = 60.0
"""How long after its end a signal explains others in the same incident."""


def explained_in(incidents: Sequence[Incident], signal: Signal, now: float, *, ripe: bool = True) -> int | None:
    """Return the open incident that explains a signal.

    If there are several, the one with the most serious cause counts, then the newest.

    If two nodes are down, a service lacks tasks now because of the second one. ``ripe``: whether the signal has held
    long enough; what came and went in an incident is not part of it again for a moment.
    """
    causes = [
        (rank(each.signal), -each.signal.since, place)
        for place, incident in enumerate(incidents)
        if incident.open and (ripe or not _has_had(incident, signal))
        for each in incident.tracked
        if explains(each.signal, signal) and _explains_still(each, now)
    ]
    return min(causes)[-1] if causes else None


def _explains_still(cause: Tracked, now: float) -> bool:
    recent = now - cause.over_at < AFTERMATH_S and cause.signal.severity != "note"
    return not cause.over_at or recent


def explained_by(incidents: Sequence[Incident], signal: Signal, now: float) -> list[int]:
    """Return the open incidents that this signal explains, and that it is part of.

    A node that goes down long after a service began to lack tasks is not the cause: it is a separate incident.
    """
    return [place for place, incident in enumerate(incidents) if _may_get(incident, signal, now)]


def _may_get(incident: Incident, signal: Signal, now: float) -> bool:
    if not incident.open or (signal.kind == "quorum lost" and incident.told_at):
        return False
    top = headline_of(incident.tracked).signal
    return explains(signal, top) and (_is_young(incident, now) or top.kind not in SERVICES)


def must_notify(incident: Incident, signal: Signal, now: float) -> bool:
    """Return whether people must be notified that a signal is part of an incident: it makes an old one critical."""
    top = headline_of(incident.tracked).signal
    return not _is_young(incident, now) and signal.severity == "critical" != top.severity and explains(signal, top)


def _is_young(incident: Incident, now: float) -> bool:
    return not incident.told_at or now - incident.opened_at <= BETTER_ROOT_S


def ended_before(incidents: Sequence[Incident], signal: Signal, now: float) -> int | None:
    """Return the incident with this root, or of the same host, that ended a short time ago."""
    for place, incident in enumerate(incidents):
        ended = incident.resolved_at and now - incident.resolved_at < REOPEN_S
        if ended and (incident.root == signal.key or _is_about_the_same(incident, signal)):
            return place
    return None


def _is_about_the_same(incident: Incident, signal: Signal) -> bool:
    """Return whether an incident is about the host or node of a signal, and had this signal.

    All that the managers say of a node belongs together: a node that returns may be unreachable, then down, for a
    moment.
    """
    root = incident.root_signal
    about_hosts = root.kind in PLACES and signal.kind in PLACES and not {*root.hosts}.isdisjoint(signal.hosts)
    of_node = signal.kind in NODES and any(
        each.signal.kind in NODES and each.signal.subject_id == signal.subject_id for each in incident.tracked
    )
    return about_hosts and (of_node or _has_had(incident, signal))


def _has_had(incident: Incident, signal: Signal) -> bool:
    return any(each.signal.key == signal.key for each in incident.tracked)


def in_storm(incidents: Sequence[Incident], signal: Signal, now: float) -> int | None:
    """Return the last incident of this kind if many began a short time ago: they fail together."""
    alike = [
        place
        for place, incident in enumerate(incidents)
        if incident.open and now - incident.opened_at <= BETTER_ROOT_S
        if incident.root_signal.kind == signal.kind
    ]
    return alike[-1] if len(alike) >= MAX_ALIKE else None


def may_have_another_cause(incident: Incident, tracked: Tracked) -> bool:
    """Return whether a signal of an incident is over, and must be assigned again if it begins again.

    A service whose tasks were rescheduled may lack tasks of another node then.
    """
    return bool(tracked.over_at) and tracked.signal.kind in SERVICES and tracked.signal.key != incident.root
