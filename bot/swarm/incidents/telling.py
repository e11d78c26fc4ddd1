"""What is reported of incidents, and when: a message, its edits, its end, one reminder. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.model.incident import Incident, Silence, ThreadNote, WatchEntry, WatchSettings
from bot.swarm.incidents.grouping import headline_of
from bot.swarm.incidents.incident_message import (
    digest_of,
    resolved_text,
    severity_of,
)
from bot.swarm.incidents.silencing import NEVER_SILENCED, silence_of
from bot.swarm.incidents.thread import ThreadLine, began_line, ended_line, thread_text
from bot.text.durations import age

MINUTE_S: Final = 60.0
SLOWER: Final = 0.1
"""The share of an incident's age for which its message stays as it is: after an hour 6 min."""
KEPT_EDITS: Final = 1
"""How many edits in a minute are only for what must not wait."""
QUIET: Final = "freeze"
"""The value in place of a silence's id: a freeze or a maintenance window keeps an incident quiet."""


@dataclass(slots=True)
class Told:
    """What a step reports."""

    incidents: list[Incident] = field(default_factory=list)
    """All incidents, as they are after it."""
    messages: list[Incident] = field(default_factory=list)
    notes: list[ThreadNote] = field(default_factory=list)
    entries: list[WatchEntry] = field(default_factory=list)
    due: list[float] = field(default_factory=list)

    def message(self, incident: Incident) -> None:
        """Report an incident: its message is posted or edited."""
        severities = dict.fromkeys((*incident.severities, *(each.signal.severity for each in incident.tracked)))
        incident = replace(incident, severities=tuple(severities))
        self.incidents.append(incident)
        self.messages.append(incident)

    def note(self, incident: Incident, lines: Sequence[ThreadLine]) -> Incident:
        """Post lines in its thread, if there are any. Return the incident with how far its thread is."""
        if not lines:
            return incident
        broadcast = any(line.notifies for line in lines)
        self.notes.append(ThreadNote(incident.id, thread_text(lines), broadcast))
        return replace(incident, noted_at=max(incident.noted_at, *(line.at for line in lines)))


def tell(
    incidents: Iterable[Incident],
    lines: Mapping[str, Sequence[ThreadLine]],
    now: float,
    *,
    silences: Sequence[Silence],
    settings: WatchSettings,
    quiet: str,
    acknowledged: Collection[str] = (),
) -> Told:
    """Return what to report of each incident now. ``lines`` are the new lines of its thread.

    ``acknowledged`` are the ids of those that were acknowledged just now.
    """
    told = Told()
    for incident in incidents:
        silenced_by, until = _silenced_by(incident, now, silences, quiet)
        if _is_over(incident):
            told.incidents.append(incident)
        elif incident.told_at:
            silence = "" if silenced_by == QUIET else silenced_by  # a freeze does not hide the end of what was reported
            if silence:
                by_person = incident.silenced_by != silence or incident.id in acknowledged
                _tell_silenced(told, replace(incident, silenced_by=silence), now, by_person=by_person)
                told.due.append(until)
                continue
            new = [*(_missed(incident, now) if incident.silenced_by else ()), *lines.get(incident.id, ())]
            _tell_change(told, replace(incident, silenced_by=""), new, now, settings)
        elif silenced_by:
            if not incident.silenced_by:
                told.entries.append(WatchEntry(incident.id, "incident silenced", _detail(incident)))
            told.incidents.append(replace(incident, silenced_by=silenced_by))
            told.due.append(until)
        else:
            _tell_first(told, replace(incident, silenced_by=""), now, settings)
    return told


def _is_over(incident: Incident) -> bool:
    """Return whether its end was reported, or will not be because it ended while it was quiet."""
    if incident.open:
        return False
    return _state_of(incident.shown) == "over" if incident.told_at else bool(incident.silenced_by)


def _silenced_by(incident: Incident, now: float, silences: Iterable[Silence], quiet: str) -> tuple[str, float]:
    """Return what keeps an incident quiet, a silence's id or QUIET, and until when; ("", 0) if it must be reported."""
    if silence := silence_of(incident, silences, now):
        return silence.id, silence.until
    return (QUIET, 0.0) if quiet and incident.root_signal.kind != NEVER_SILENCED else ("", 0.0)


def _tell_first(told: Told, incident: Incident, now: float, settings: WatchSettings) -> None:
    """Post the message of an incident, after the time in which related signals arrive: a new leader ends it."""
    at = incident.opened_at + settings.group_wait_s
    if now < at and not any(each.signal.severity == "note" for each in incident.tracked):
        told.incidents.append(incident)
        told.due.append(at)
        return
    incident = replace(incident, told_at=now, changed_at=now)
    incident = replace(incident, shown=digest_of(incident))
    told.entries.append(WatchEntry(incident.id, "incident opened", _detail(incident)))
    if _is_note(incident):
        told.message(incident)
        return
    cause = headline_of(incident.tracked).cause
    lines = [ThreadLine(0.0, f"It began during {cause}.")] if cause else []
    lines += [began_line(each, incident.tracked, 0.0, now) for each in incident.tracked]
    lines += [ended_line(each) for each in incident.tracked if each.over_at and each.ended]
    if not incident.open:
        told.entries.append(WatchEntry(incident.id, "incident resolved", resolved_text(incident)))
        lines.append(ThreadLine(now, f"{resolved_text(incident)}."))
    told.message(told.note(incident, lines))
    if incident.open and settings.repeat_s:
        told.due.append(now + settings.repeat_s)


def _tell_silenced(told: Told, incident: Incident, now: float, *, by_person: bool) -> None:
    """Keep an incident quiet that was reported. Its message only shows that people silenced or acknowledged it."""
    if not by_person or not incident.open or _state_of(incident.shown) == "over":
        told.incidents.append(incident)
        return
    told.message(replace(incident, changed_at=now, shown=digest_of(incident), edits=(*incident.edits, now)))


def _missed(incident: Incident, now: float) -> list[ThreadLine]:
    """Return what its thread lacks because it was silenced: what began since and holds, or its end."""
    if not incident.open:
        return [ThreadLine(now, f"{resolved_text(incident)}.")]
    reopened, top = _state_of(incident.shown) == "over", headline_of(incident.tracked)
    return [
        replace(
            began_line(each, incident.tracked, incident.noted_at, now),
            notifies=each is top and (reopened or top.signal.severity == "critical"),
        )
        for each in incident.tracked
        if not each.over_at and (reopened or each.first_seen > incident.changed_at)
    ]


def _tell_change(
    told: Told, incident: Incident, lines: Sequence[ThreadLine], now: float, settings: WatchSettings
) -> None:
    """Edit the message of an incident if it says something else now, its end at once and the rest not too often."""
    incident = told.note(_reminded(told, incident, now, settings), lines)
    shown = digest_of(incident)
    if shown == incident.shown:
        told.incidents.append(incident)
        return
    edits = tuple(each for each in incident.edits if now - each < MINUTE_S)
    if incident.open and not incident.unstable and _was_not_read(incident, shown, now):
        told.incidents.append(incident)
        return
    if now < (at := _next_edit(incident, shown, edits, settings)):
        told.incidents.append(incident)
        told.due.append(at)
        return
    was, is_now = _state_of(incident.shown), _state_of(shown)
    if is_now == "over":
        told.entries.append(WatchEntry(incident.id, "incident resolved", resolved_text(incident)))
    elif was == "over":
        told.entries.append(WatchEntry(incident.id, "incident reopened", _detail(incident)))
    told.message(replace(incident, changed_at=now, shown=shown, edits=(*edits, now)))


def _was_not_read(incident: Incident, shown: str, now: float) -> bool:
    """Return whether the signal that would be named first now was not read this time: then it may be over too."""
    return incident.shown.split(":")[1:2] != shown.split(":")[1:2] and headline_of(incident.tracked).last_seen < now


def _next_edit(incident: Incident, shown: str, edits: Sequence[float], settings: WatchSettings) -> float:
    """Return when the message may be edited: news at once, but never more often than ``group_interval`` allows.

    One of the edits in a minute is reserved for what must not wait: the end, a new beginning, flapping, another
    headline or severity, and what people pressed. The longer an incident lasts, the less often the rest of its message
    changes.
    """
    if not settings.group_interval_s:
        return 0.0
    new, old = shown.split(":"), incident.shown.split(":")
    max_edits = max(1 + KEPT_EDITS, int(MINUTE_S // settings.group_interval_s))
    max_edits -= KEPT_EDITS if new[:3] == old[:3] else 0
    free_at = edits[-max_edits] + MINUTE_S if len(edits) >= max_edits else 0.0
    if not incident.open:
        return free_at
    is_news = new[:4] != old[:4]
    pause_s = max(settings.group_interval_s, (incident.changed_at - incident.told_at) * SLOWER)
    return free_at if is_news else max(free_at, incident.changed_at + pause_s)


def _reminded(told: Told, incident: Incident, now: float, settings: WatchSettings) -> Incident:
    """Report an incident again that nobody has acknowledged."""
    acknowledged = incident.acknowledged_by or incident.silenced_by
    if not settings.repeat_s or incident.reminded_at or acknowledged or not incident.open or incident.unstable:
        return incident
    if now < (at := incident.told_at + settings.repeat_s):
        told.due.append(at)
        return incident
    signal = headline_of(incident.tracked).signal
    text = f"Nobody has acknowledged this for {age(now - incident.told_at)}: {signal.text}"
    return replace(told.note(incident, [ThreadLine(now, text, notifies=True)]), reminded_at=now)


def _state_of(shown: str) -> str:
    return shown.partition(":")[0]


def _is_note(incident: Incident) -> bool:
    return severity_of(incident) == "note"


def _detail(incident: Incident) -> str:
    return headline_of(incident.tracked).signal.text
