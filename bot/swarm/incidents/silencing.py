"""Which silence keeps an incident quiet. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot.model.incident import ALL_SUBJECTS, Incident, Silence
from bot.model.observation import Signal, SignalKind
from bot.swarm.incidents.grouping import SERVICES, explains

NEVER_SILENCED: Final[SignalKind] = "quorum lost"
"""It is reported in spite of every silence, freeze and maintenance window: the cluster cannot be changed then."""


def silence_of(incident: Incident, silences: Iterable[Silence], now: float) -> Silence | None:
    """Return the silence that keeps an incident quiet at ``now`` (unix seconds); None if none does."""
    if incident.root_signal.kind == NEVER_SILENCED:
        return None
    running = (each for each in silences if each.cluster == incident.cluster and now < each.until)
    return next((each for each in running if _covers(each.subject, incident)), None)


def _covers(subject: str, incident: Incident) -> bool:
    """Return whether all signals that hold are about ``subject`` or explained by a signal about it."""
    if subject == ALL_SUBJECTS:
        return True
    holding = [each.signal for each in incident.tracked if not each.over_at] or [incident.root_signal]
    about = [each.signal for each in incident.tracked if subject in _subjects(each.signal)]
    return all(subject in _subjects(signal) or any(explains(cause, signal) for cause in about) for signal in holding)


def _subjects(signal: Signal) -> set[str]:
    """Return the names by which a silence may mean a signal.

    A signal without a name is about the managers or the whole cluster.

    The hosts of a service's tasks do not count: they may fail for another reason than the host.
    """
    if not signal.subject:
        return set()
    return {signal.subject, signal.subject_id, *(() if signal.kind in SERVICES else signal.hosts)}
