"""`/swarm incidents [ID]` and `/swarm acknowledge ID`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import DONE, Message, echo, paragraphs, text_message, tick, user, when
from bot.commands import AcknowledgeIncident, Word, control, record, text
from bot.errors import NotUnderstood
from bot.model.incident import Incident
from bot.model.records import Records, RecordsQuery
from bot.swarm.incidents.incident_message import incident_message, open_text, resolved_text, severity_of, since_text
from bot.swarm.incidents.status_lines import unwatched_lines
from bot.swarm.incidents.thread import SIGNS


@dataclass(frozen=True, slots=True)
class IncidentsArguments:
    """The arguments of ``incidents``."""

    id: Annotated[str, Word(text("ID"), "an incident to show in full")] = ""


@dataclass(frozen=True, slots=True)
class AcknowledgeArguments:
    """The arguments of ``acknowledge``."""

    id: Annotated[str, Word(text("ID"), "the incident's id, as its message shows it")]


def _query(_: IncidentsArguments) -> RecordsQuery:
    return RecordsQuery(incidents=True, watch=True)


@record(
    "incidents",
    group="Watch",
    help="List the incidents that are open or ended recently",
    example="incidents",
    permission="view",
    risk="none",
    approval=0,
    query=_query,
)
def incidents(records: Records, arguments: IncidentsArguments) -> Message:
    """Return a line for each incident, open ones first, or one incident in full."""
    unwatched = [] if records.watch.leader else unwatched_lines(records.cluster, records.watch.last_reading)
    if arguments.id:
        message = incident_message(_named(records, arguments.id), records.at)
        return replace(message, blocks=(*paragraphs(unwatched), *message.blocks))
    listed = sorted(records.incidents, key=lambda each: (not each.open, -each.opened_at))
    count = sum(each.open for each in listed)
    title = f"{count} {'incident is' if count == 1 else 'incidents are'} open in {records.cluster}"
    if unwatched:
        title = f"As of then: {title}"
    if not listed and unwatched:
        return Message(unwatched[0], tuple(paragraphs(unwatched)))
    if not listed:
        return text_message(f"{DONE} *No incident is open in {records.cluster}*, and none ended recently.")
    lines = [*unwatched, f"*{title}*", *map(_line, listed)]
    return Message(title, tuple(paragraphs(lines)))


@control(
    "acknowledge",
    group="Watch",
    help="Show others that you know of an incident; no reminder follows",
    example="acknowledge 3f2a",
    permission="operate",
    risk="reversible",
    approval=0,
)
def acknowledge(arguments: AcknowledgeArguments) -> AcknowledgeIncident:
    """Return the order; the gate executes it."""
    return AcknowledgeIncident(arguments.id)


def _named(records: Records, incident_id: str) -> Incident:
    found = next((each for each in records.incidents if each.id == incident_id.lower()), None)
    if found is None:
        raise NotUnderstood(
            f"{records.cluster} has no incident {echo(incident_id)}.", next_step="`/swarm incidents` lists them."
        )
    return found


def _line(incident: Incident) -> str:
    quiet = f" · silenced ({tick(incident.silenced_by)})" if incident.silenced_by else ""
    if incident.resolved_at:
        return f"{DONE} {tick(incident.id)} {resolved_text(incident)} · {when(incident.resolved_at)}{quiet}"
    sign, known = SIGNS[severity_of(incident)], incident.acknowledged_by
    seen = f" · acknowledged by {user(known)}" if known else ""
    return f"{sign} {tick(incident.id)} {open_text(incident)} · {since_text(incident)}{seen}{quiet}"
