"""What a step of watch tells others than Slack: incidents that began, changed, were acknowledged and ended. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.model.incident import Advanced, Incident, Severity, WatchState

IncidentEvent = Literal["opened", "updated", "acknowledged", "resolved"]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to an incident."""

    event: IncidentEvent
    incident: Incident
    """As it is now."""

    @property
    def severities(self) -> frozenset[Severity]:
        """The severities that it has had: a webhook that got one of them gets its end, too."""
        return frozenset(each.signal.severity for each in self.incident.tracked)


def events_of(before: WatchState, advanced: Advanced) -> tuple[Happened, ...]:
    """Return what has happened between ``before`` and the step after it, of incidents that people are told of."""
    old = {each.id: each for each in before.incidents}
    told = {each.id for each in advanced.told}
    return tuple(
        Happened(event, incident)
        for incident in advanced.state.incidents
        for event in _events(old.get(incident.id), incident, told=incident.id in told)
    )


def _events(before: Incident | None, now: Incident, *, told: bool) -> Iterator[IncidentEvent]:
    if before is not None and before.opened_at != now.opened_at:
        before = None  # an id that is used again
    known = before is not None and bool(before.told_at)
    was_open = before is not None and known and not before.shown.startswith("over")
    if told and now.open:
        yield "updated" if was_open else "opened"
    elif told and not known:
        yield "opened"
    if now.told_at and now.acknowledged_by and (before is None or before.acknowledged_by != now.acknowledged_by):
        yield "acknowledged"
    if told and not now.open and (was_open or not known):
        yield "resolved"
