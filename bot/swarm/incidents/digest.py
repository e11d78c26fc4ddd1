"""The daily digest of a cluster: its health, what was changed, what was wrong, and what needs attention. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from bot.blocks import DONE, FAILED, RUNNING, WARNING, Message, Sign, context, paragraphs, quoted, tick, user, when
from bot.model import Facts
from bot.model.incident import ALL_SUBJECTS, Incident, Silence
from bot.swarm.health.headline import headline, issue_lines, number_lines
from bot.swarm.health.health import Health, health
from bot.swarm.health.next_steps import next_steps
from bot.swarm.incidents.incident_message import incident_message
from bot.text.durations import age
from bot.text.suggest import number_of

DAY_S: Final = 24 * 3600.0
MAX_LINES: Final = 10
"""At most this many changes, incidents or issues are listed; the rest are counted."""

Outcome = Literal["succeeded", "failed", "cancelled", "running", "waits"]
SIGNS: Final[dict[Outcome, Sign]] = {"succeeded": DONE, "failed": FAILED, "cancelled": FAILED, "running": RUNNING}


@dataclass(frozen=True, slots=True)
class DayChange:
    """A job that changed the cluster, or that waits for a decision."""

    job: str
    words: str
    """The command as typed, without secrets."""
    by: str
    """A Slack user (U…)."""
    outcome: Outcome
    """``waits``: for approvals, or for its requester to confirm it."""
    at: float = 0.0
    """When it ended, unix seconds; 0 if it has not."""


@dataclass(frozen=True, slots=True)
class Day:
    """What a digest is made of."""

    facts: Facts
    """As they are now, read with all hosts, services and certificates."""
    changes: tuple[DayChange, ...]
    """The changes of the last day, the newest first."""
    incidents: tuple[Incident, ...]
    """Those that are open or ended within the last day."""
    silences: tuple[Silence, ...] = ()
    last_backup: float | None = None
    """When the newest backup was taken, unix seconds; 0: there is none; None: it is not known."""
    backup_days: float = 0.0
    """How old it may be; 0: no limit."""


def digest_message(day: Day) -> Message:
    """Return the message."""
    facts, found = day.facts, health(day.facts)
    head = headline(facts, found)
    made = [change for change in day.changes if change.outcome != "waits"]
    lines = [
        head,
        *number_lines(facts),
        *_backup(day),
        f"*{number_of(len(made), 'change')} in the last day*"
        if made
        else "No change through Swarmbot in the last day.",
        *_some([_change(each) for each in made], "changes", "jobs"),
        *_incidents(day),
    ]
    if attention := [*_attention(day, found)]:
        lines += ["*Needs attention*", *_some(attention, "points", "status")]
    if steps := next_steps(facts, found):
        lines.append(f"Next: {' · '.join(steps)}")
    note = context(f"Daily digest of {facts.name} · since {when(facts.at - DAY_S)}")
    return Message(f"Daily digest: {head.replace('*', '')}", (*paragraphs(lines), note))


def _backup(day: Day) -> list[str]:
    if day.last_backup is None:
        return []
    if not day.last_backup:
        return [] if day.backup_days else ["There is no backup"]
    return [f"The last backup is {age(day.facts.at - day.last_backup)} old"]


def _change(change: DayChange) -> str:
    ended = f" · {change.outcome} {when(change.at)}" if change.at else " · running"
    return f"{SIGNS[change.outcome]} {tick(change.job)} {tick(f'/swarm {change.words}')} · {user(change.by)}{ended}"


def _incidents(day: Day) -> list[str]:
    if not day.incidents:
        return ["No incident in the last day."]
    open_ = sum(each.open for each in day.incidents)
    state = f"{open_} open" if open_ else "all resolved"
    listed = sorted(day.incidents, key=lambda each: (not each.open, -each.opened_at))
    lines = [f"{tick(each.id)} {incident_message(each, day.facts.at).text}" for each in listed]
    title = f"*{number_of(len(lines), 'incident')} in the last day, {state}*"
    return [title, *_some(lines, "incidents", "incidents")]


def _attention(day: Day, health: Health) -> Iterator[str]:
    """Yield what is wrong, or will be by tomorrow."""
    yield from issue_lines(health)
    backup_age = day.facts.at - (day.last_backup or 0.0)
    if day.backup_days and day.last_backup is not None and backup_age + DAY_S >= day.backup_days * DAY_S:
        old = f"By tomorrow the newest backup is older than {number_of(round(day.backup_days), 'day')}"
        yield f"{WARNING} {old if day.last_backup else 'There is no backup'}: `/swarm backup` takes one"
    for change in day.changes:
        if change.outcome == "waits":
            words = f"{tick(change.job)} {tick(f'/swarm {change.words}')}"
            yield f"{WARNING} {words} waits for a decision · requested by {user(change.by)}"
    for silence in day.silences:
        every = silence.subject == ALL_SUBJECTS
        subject = "Every incident is" if every else f"Incidents of {tick(silence.subject)} are"
        yield (
            f"{WARNING} {subject} silenced until {when(silence.until)} by {user(silence.by)}: {quoted(silence.reason)}"
        )


def _some(lines: list[str], what: str, command: str) -> list[str]:
    """Return the lines, or the first of them, the number of the others and the command that shows all."""
    if len(lines) <= MAX_LINES:
        return lines
    return [*lines[: MAX_LINES - 1], f"and {len(lines) - MAX_LINES + 1} more {what}: `/swarm {command}`"]
