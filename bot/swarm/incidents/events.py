"""What a step of watch reports to webhooks: incidents that began, changed, were acknowledged and ended. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.config.models import Severity
from bot.model.incident import Advanced, Incident, WatchState

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
        return severities_of(self.incident)


def severities_of(incident: Incident) -> frozenset[Severity]:
    """Return the severities that the signals of an incident have, and those that were reported before."""
    return frozenset((*incident.severities, *(each.signal.severity for each in incident.tracked)))


def events_of(before: WatchState, advanced: Advanced) -> tuple[Happened, ...]:
    """Return what has happened between ``before`` and the step after it to incidents that are reported."""
    acknowledged = {each.id: each.acknowledged_by for each in before.incidents}
    told = {each.id for each in advanced.told}
    actions: dict[str, set[str]] = {}
    for entry in advanced.entries:
        actions.setdefault(entry.incident, set()).add(entry.action)
    return tuple(
        Happened(event, incident)
        for incident in advanced.state.incidents
        if incident.told_at
        for event in _events(
            incident, actions.get(incident.id, set()), acknowledged.get(incident.id, ""), told=incident.id in told
        )
    )


def _events(incident: Incident, actions: set[str], acknowledged_by: str, *, told: bool) -> Iterator[IncidentEvent]:
    began = bool(actions & {"incident opened", "incident reopened"})
    ended = "incident resolved" in actions or (began and not incident.open)  # a note has no entry for its end
    if began:
        yield "opened"
    elif told and not ended:
        yield "updated"
    if incident.acknowledged_by not in {"", acknowledged_by}:
        yield "acknowledged"
    if ended:
        yield "resolved"
