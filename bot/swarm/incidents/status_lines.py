"""What is wrong with a cluster, as lines: the issues of its health, and the incidents that are open. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bot.blocks import FAILED, WAITING, user, when
from bot.config.models import Severity
from bot.model.incident import Incident, LastReading
from bot.model.observation import SignalKind
from bot.swarm.health.headline import issue_lines
from bot.swarm.health.health import Health
from bot.swarm.health.issues import Issue
from bot.swarm.incidents.grouping import PLACES, SERVICES, headline_of
from bot.swarm.incidents.incident_message import open_text, severity_of, since_text
from bot.swarm.incidents.thread import SIGNS
from bot.text.suggest import number_of

START_WATCH: Final = "start `python -m bot watch`, as the Procfile does"
MAX_INCIDENTS: Final = 3
"""At most this many incidents that no issue is about are named; the rest are counted."""
ORDER: Final[tuple[Severity, ...]] = ("critical", "warning", "note")
QUORUM: Final[frozenset[SignalKind]] = frozenset({"quorum lost", "quorum at risk"})
SEEN_BY_STATUS: Final = PLACES | QUORUM | {"service short of tasks"}
"""The kinds of signals that would be an issue if they held."""
UNREAD: Final = frozenset({"no quorum", "no leader", "unknown"})
"""The levels of a cluster that could not be read."""
FIRST_NAME: Final = re.compile(r"`([^`]+)`")


def wrong_lines(health: Health, incidents: Iterable[Incident]) -> list[str]:
    """Return a line for each issue, then one for each incident: the most serious first, those that are silenced last.

    An incident that is about an issue is named in the line of that issue.
    """
    lines, own = issue_lines(health), []
    for incident in sorted(incidents, key=_place):
        number = next((number for number, issue in enumerate(health.issues) if _is_about(incident, issue)), None)
        if number is None:
            own.append(f"{_lead(incident, health)}: {open_text(incident)} · {_reference(incident)}")
        else:
            lines[number] += f" · incident {_reference(incident)}"
    more = len(own) - MAX_INCIDENTS
    rest = [f"and {number_of(more, 'more incident')}: `/swarm incidents`"] if more > 0 else []
    return [*lines, *own[:MAX_INCIDENTS], *rest]


def _place(incident: Incident) -> tuple[bool, int, float]:
    return bool(incident.silenced_by), ORDER.index(severity_of(incident)), -incident.opened_at


def _lead(incident: Incident, health: Health) -> str:
    """Return the beginning of the line of an incident that no issue is about: it may have just ended.

    Without a manager that can be read, nothing is known of services.
    """
    top = headline_of(incident.tracked)
    if top.signal.kind in SERVICES and health.level in UNREAD:
        return f"{WAITING} Incident, last seen {when(top.last_seen)} and unknown now"
    if top.signal.kind in SEEN_BY_STATUS:
        return f"{WAITING} Incident, not seen in this reading"
    return f"{SIGNS[severity_of(incident)]} Incident"


def _is_about(incident: Incident, issue: Issue) -> bool:
    """Return whether an issue says what an incident says: of the same node, host or service, or of the quorum."""
    signal = headline_of(incident.tracked).signal
    if signal.kind in QUORUM:
        return "quorum" in issue.text
    if signal.kind in PLACES | SERVICES:
        name = FIRST_NAME.search(issue.text)
        return name is not None and name[1] == signal.subject
    return issue.text.startswith(signal.text)


def _reference(incident: Incident) -> str:
    known = f", acknowledged by {user(incident.acknowledged_by)}" if incident.acknowledged_by else ""
    quiet = ", silenced" if incident.silenced_by else ""
    return f"{since_text(incident)}{known}{quiet}: `/swarm incidents {incident.id}`"


def unwatched_lines(cluster: str, last_reading: LastReading | None) -> list[str]:
    """Return that no process watches a cluster, when it was last read, and what to do."""
    return [unwatched_text(cluster, last_reading.at if last_reading else 0.0), f"Next: {START_WATCH}."]


def unwatched_text(cluster: str, last_read: float) -> str:
    """Return that no process watches a cluster, and when it was last read; 0 for never."""
    last = f" It was last read {when(last_read)}." if last_read else ""
    return f"{FAILED} *{cluster} is not watched*: no `watch` process runs.{last} Incidents are not reported."
