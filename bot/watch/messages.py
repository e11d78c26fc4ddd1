"""The messages of incidents, as the outbox takes them: one in the channel that is edited, and notes in its thread."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.audit import Entry
from bot.blocks import Message, paragraphs
from bot.model.incident import Incident, ThreadNote
from bot.outbox.outgoing import Outgoing, reply_id
from bot.swarm.incidents.incident_message import incident_message

PREFIX: Final = "incident:"
"""The beginning of the ids of these messages."""
WATCH: Final = "watch"
"""The name in audit entries about incidents."""


def message_id(incident: Incident) -> str:
    """Return the id of an incident's message: the ids of incidents are used again."""
    return f"{PREFIX}{incident.cluster}:{incident.id}:{incident.opened_at:.0f}"


def incident_outgoing(incident: Incident, channel: str, now: float) -> Outgoing:
    """Return the message of an incident as it is at ``now`` (unix seconds). It is posted once and edited after that."""
    return _outgoing(incident, message_id(incident), channel, incident_message(incident, now), now)


def note_outgoing(incident: Incident, note: ThreadNote, channel: str, now: float, place: int) -> Outgoing:
    """Return a note for the thread of an incident's message, the ``place``-th that is made at ``now``."""
    own = message_id(incident)
    message = Message(note.text, tuple(paragraphs(note.text.split("\n"))))
    made = _outgoing(incident, reply_id(own, now, place), channel, message, now)
    return replace(made, reply_to=own, broadcast=note.broadcast)


def incident_entry(incident_id: str, cluster: str, channel: str, action: str, detail: str) -> Entry:
    """Return an audit entry about an incident; its words are the command that shows it."""
    words = f"incidents {incident_id}"
    return Entry(action, WATCH, cluster=cluster, channel=channel, command="incidents", words=words, detail=detail)


def _outgoing(incident: Incident, name: str, channel: str, message: Message, now: float) -> Outgoing:
    return Outgoing(
        id=name,
        target="channel",
        message=message,
        about=incident_entry(incident.id, incident.cluster, channel, "", ""),
        made_at=now,
        channel=channel,
        user="",
    )
