"""An incident as a message that edits itself, and the lines of its thread. Pure.

A button carries the incident's id and nothing else; :func:`orders_of` says which command it stands for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Final

from bot.blocks import (
    DONE,
    WAITING,
    WARNING,
    Block,
    Message,
    actions,
    button,
    context,
    paragraphs,
    plain_line,
    tick,
    user,
    when,
)
from bot.config.models import Severity
from bot.model.incident import Incident, Tracked
from bot.model.observation import Signal
from bot.swarm.incidents.grouping import (
    HOSTS,
    MANAGERS,
    NODES,
    PLACES,
    SERVICES,
    explains,
    flapping_of,
    headline_of,
    rank,
)
from bot.swarm.incidents.partial_observation import UNSEEN
from bot.swarm.incidents.thread import SIGNS
from bot.text.durations import age
from bot.text.suggest import number_of

MAX_SIGNALS: Final = 8
"""At most this many signals that follow from the root are shown; the rest are counted."""
EXACT_S: Final = 3600.0
"""The times of a shorter incident are shown with seconds."""

SHOW: Final = "incident.show"
CHECK: Final = "incident.check"
FIX: Final = "incident.fix"
ACKNOWLEDGE: Final = "incident.acknowledge"
SILENCE: Final = "incident.silence"


def incident_message(incident: Incident, now: float) -> Message:
    """Return the message of an incident: what is wrong, since when, what still works, and what to do."""
    lines = _lines(incident)
    blocks: list[Block] = [*paragraphs(lines), context(" · ".join(_foot(incident)))]
    if row := _buttons(incident):
        blocks.append(actions(*row))
    return Message(_fallback(incident, now), tuple(blocks))


def orders_of(incident: Incident) -> dict[str, str]:
    """Return the commands that its buttons prepare, to type after ``/swarm``, by the button's action."""
    signal = headline_of(incident.tracked).signal
    found = {SHOW: _show(signal), CHECK: f"check {signal.hosts[0]}" if len(signal.hosts) == 1 else "", FIX: signal.fix}
    if signal.kind in SERVICES:
        del found[CHECK]
    return {action: words for action, words in found.items() if words and not incident.resolved_at}


def digest_of(incident: Incident) -> str:
    """Return a digest of what the message says. It does not change while no edit is needed.

    Its parts: whether the incident is ``open``, ``over`` or ``flapping``; the signal that is named first; its severity
    and fix, and what people pressed; what else is news; the whole message. A flapping incident says the same until it
    is stable.
    """
    if flapping := flapping_of(incident.tracked):
        return f"flapping:{_digest(flapping.signal.key)}:{incident.acknowledged_by}::"
    message = incident_message(incident, 0.0)
    top = headline_of(incident.tracked).signal
    notes = [each.signal.key for each in incident.tracked if each.signal.severity == "note"]
    places = [each.signal.key for each in incident.tracked if each.signal.kind in PLACES | MANAGERS]
    fix = orders_of(incident).get(FIX, "")
    urgent = [severity_of(incident), incident.acknowledged_by, incident.silenced_by, fix]
    parts = (_digest(part) for part in (top.key, urgent, [notes, sorted(places)], list(message.blocks)))
    return ":".join(("open" if incident.open else "over", *parts))


def severity_of(incident: Incident) -> Severity:
    """Return the severity of the worst signal that holds, or of all if none does."""
    holding = [each for each in incident.tracked if not each.over_at] or incident.tracked
    found = {each.signal.severity for each in holding}
    return "critical" if "critical" in found else "warning" if "warning" in found else "note"


def resolved_text(incident: Incident) -> str:
    """Return how an incident ended: "Resolved after 6 min: `host-4` is ready again"."""
    top = headline_of(incident.tracked)
    often = f"; it happened {top.begun} times" if top.begun > 1 else ""
    return f"Resolved after {age(_ended(incident) - _began(incident))}: {top.ended}{_more(incident, top)}{often}"


def open_text(incident: Incident) -> str:
    """Return what is wrong: "`host-4` (worker) is down, and 2 other nodes too"."""
    top = headline_of(incident.tracked)
    return _flapping_text(incident) or f"{top.signal.text}{_more(incident, top)}"


def since_text(incident: Incident) -> str:
    """Return since when it is so: "since 12:04"."""
    first = _first_of(incident, headline_of(incident.tracked).signal)
    return f"since {when(first.since)}{' or before' * first.at_latest}"


def _more(incident: Incident, top: Tracked) -> str:
    """Return how many signals of the same rank are part of the incident too, and hold or not as ``top`` does."""
    same = [each for each in incident.tracked if rank(each.signal) == rank(top.signal)]
    alike = sum(bool(each.over_at) == bool(top.over_at) and not _is_note(each) for each in same) - (not _is_note(top))
    return f", and {number_of(alike, f'other {_noun(top.signal)}')} too" if alike else ""


def _noun(signal: Signal) -> str:
    """Return what a signal is about."""
    nouns: dict[str, str] = {**dict.fromkeys(SERVICES, "service"), **dict.fromkeys(HOSTS, "host")}
    nouns |= dict.fromkeys(NODES | {"node cloned", "overlay cut off", "clock drift", "certificate expires"}, "node")
    return nouns.get(signal.kind, "problem")


def _flapping_text(incident: Incident) -> str:
    """Return what comes and goes; "" if nothing does, or what holds is worse."""
    flapping = flapping_of(incident.tracked)
    return f"flapping: {flapping.signal.text}" if flapping else ""


def _lines(incident: Incident) -> list[str]:
    top = headline_of(incident.tracked)
    signal = top.signal
    name = plain_line(incident.cluster)
    prefix = "" if not signal.subject or signal.kind == "leader changed" else f"{name}: "
    if flapping := flapping_of(incident.tracked):
        changes = flapping.changes
        often = f"it began or ended {len(changes)} times in {age(changes[-1] - changes[0])}"
        quiet = "Swarmbot reports it again when it has been stable for some minutes."
        return [f"{WARNING} *{prefix}{_flapping_text(incident)}* · {often}", quiet]
    if incident.resolved_at and signal.severity == "note":
        return [f"{SIGNS['note']} *{prefix}{signal.text}*", *_next(signal)]
    if incident.resolved_at:
        began, ended = _began(incident), _ended(incident)
        short = ended - began < EXACT_S
        times = f"{when(began, with_seconds=short)} to {when(ended, with_seconds=short)}"
        return [f"{DONE} *{resolved_text(incident)}* · {name} · {times}", *_was(incident)]
    head = f"{SIGNS[severity_of(incident)]} *{prefix}{open_text(incident)}* · {since_text(incident)}"
    cause = [f"It began during {top.cause}, and lasts."] if top.cause else []
    others = _others(incident, top)
    return [head, *cause, *others, *_calm(incident, top), *_next(signal)]


def _next(signal: Signal) -> list[str]:
    return [f"Next: {signal.advice}"] if signal.advice else []


def _others(incident: Incident, top: Tracked) -> list[str]:
    """Return a line for each other signal that holds or is a note."""
    holding = [each for each in incident.tracked if each is not top and (not each.over_at or _is_note(each))]
    lines = (f"{SIGNS[each.signal.severity]} {each.signal.text}" for each in _worth_telling(holding, top))
    return _first(lines, MAX_SIGNALS, "signal")


def _worth_telling(tracked: Iterable[Tracked], top: Tracked) -> list[Tracked]:
    """Return the most important first, without those that say the same of a node or the quorum as ``top`` does."""
    implied = PLACES | {"quorum at risk"} if top.signal.kind == "quorum lost" else PLACES
    implied = implied | {"tasks pending"} if top.signal.calm else implied
    implied = implied | {"service short of tasks"} if top.signal.kind == "update failed" else implied
    found = [each for each in tracked if not (each.signal.kind in implied and explains(top.signal, each.signal))]
    return sorted(found, key=lambda each: (rank(each.signal), each.first_seen, each.signal.key))


def _first(lines: Iterable[str], limit: int, what: str) -> list[str]:
    """Return the first lines, and how many are left out."""
    found = list(lines)
    more = len(found) - limit
    return [*found[:limit], *([f"and {number_of(more, f'more {what}')}"] if more > 0 else [])]


def _is_note(each: Tracked) -> bool:
    return each.signal.severity == "note"


def _calm(incident: Incident, top: Tracked) -> list[str]:
    """Return what still works: the quorum, the tasks."""
    signal = top.signal
    if signal.kind in {"quorum lost", "leader changed"}:
        return [f"Still works: {' · '.join(signal.calm)}"] if signal.calm else []
    quorum = [f"Still works: {incident.quorum}"] if incident.quorum and signal.kind in PLACES | MANAGERS else []
    same = (each for each in incident.tracked if not each.over_at and explains(signal, each.signal))
    calm = dict.fromkeys(line for each in (top, *same) for line in each.signal.calm)
    return [*quorum, *(f"{WAITING} {line}" for line in calm)]


def _was(incident: Incident) -> list[str]:
    """Return what was wrong, for a message that stays readable after the end."""
    worth_telling = _worth_telling(incident.tracked, headline_of(incident.tracked))
    lines = (f"Was: {each.signal.text.removesuffix(UNSEEN)}" for each in worth_telling)
    return _first(lines, MAX_SIGNALS, "signal")


def _foot(incident: Incident) -> list[str]:
    parts = []
    if incident.acknowledged_by:
        parts.append(f"acknowledged by {user(incident.acknowledged_by)} {when(incident.acknowledged_at)}")
    if incident.silenced_by and not incident.resolved_at:
        parts.append(f"silenced ({tick(incident.silenced_by)})")
    return [*parts, tick(incident.id)]


def _buttons(incident: Incident) -> list[dict[str, object]]:
    if incident.resolved_at:
        return []
    orders = orders_of(incident)
    row = []
    if SHOW in orders:
        row.append(button(f"Show {orders[SHOW].partition(' ')[0]}", SHOW, incident.id))
    if CHECK in orders:
        row.append(button("Check", CHECK, incident.id))
    if not incident.acknowledged_by:
        row.append(button("Acknowledge", ACKNOWLEDGE, incident.id))
    if not incident.silenced_by and _may_be_silenced(incident):
        row.append(button("Silence 1 h", SILENCE, incident.id))
    if FIX in orders:
        row.append(button(f"/swarm {orders[FIX]}", FIX, incident.id, style="primary"))
    return row


def _may_be_silenced(incident: Incident) -> bool:
    """Return whether its root is about a node, a host or a service: a silence is for one of these, or for all."""
    root = incident.root_signal
    named = PLACES | SERVICES | {"certificate expires", "clock drift", "second cluster"}
    return bool(root.subject) and root.kind in named


def _show(signal: Signal) -> str:
    if signal.kind in SERVICES:
        return f"service {signal.subject}"
    if len(signal.nodes) == 1 and signal.kind not in {"node cloned", "leader changed", "quorum lost"}:
        return f"node {signal.hosts[0] if signal.hosts else signal.nodes[0]}"
    return "status"


def _fallback(incident: Incident, now: float) -> str:
    """Return the line for notifications."""
    signal = headline_of(incident.tracked).signal
    if flapping := _flapping_text(incident):
        return f"{incident.cluster}: {flapping}"
    if incident.resolved_at and signal.severity != "note":
        return f"{incident.cluster}: {resolved_text(incident)}"
    passed = age(now - _first_of(incident, signal).since)
    return f"{incident.cluster}: {signal.text} ({f'for {passed}' if incident.open else f'{passed} ago'})"


def _first_of(incident: Incident, signal: Signal) -> Signal:
    """Return the signal that shows since when ``signal`` is so: a node that is down may have been unreachable first."""
    if signal.kind not in PLACES:  # a manager that was gone before the quorum was lost
        return signal
    holding = (each.signal for each in incident.tracked if each.signal.kind in NODES and not each.over_at)
    return min((signal, *(each for each in holding if explains(signal, each))), key=lambda each: each.since)


def _began(incident: Incident) -> float:
    """Return when the first of its signals began: before it was seen, if the engines say so."""
    return min(min(each.signal.since, each.first_seen) for each in incident.tracked)


def _ended(incident: Incident) -> float:
    """Return when the last of its signals was seen to be over."""
    return max(each.over_at for each in incident.tracked)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
