"""What a webhook is sent about an incident: Swarmbot's own JSON, PagerDuty's events and Alertmanager's alerts. Pure.

No body holds a secret: PagerDuty's routing key is added when it is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, get_args

from bot.config.models import Severity, WebhookKind
from bot.model.incident import Incident
from bot.swarm.incidents.events import Happened, IncidentEvent
from bot.swarm.incidents.grouping import headline_of
from bot.swarm.incidents.incident_message import resolved_text, severity_of
from bot.text.plain import as_plain

PAGERDUTY_SEVERITIES: Final[Mapping[Severity, str]] = {"critical": "critical", "warning": "warning", "note": "info"}
PAGERDUTY_ACTIONS: Final[Mapping[IncidentEvent, str]] = {
    "opened": "trigger",
    "updated": "trigger",
    "acknowledged": "acknowledge",
    "resolved": "resolve",
}
MAX_SUMMARY_CHARS: Final = 1024
"""PagerDuty's limit."""
MAX_SIGNALS: Final = 100
"""At most this many signals are sent to PagerDuty, which accepts 512 kB; the rest are counted."""
ALERT_S: Final = 7 * 24 * 3600.0
"""How long Alertmanager keeps an alert that Swarmbot never ends. It ends an alert without an end after 5 minutes."""


def webhook_body(kind: WebhookKind, happened: Happened, severities: Collection[Severity], now: float) -> Any:
    """Return what a webhook for ``severities`` is sent at ``now`` (unix seconds), as JSON values."""
    match kind:
        case "json":
            return _json(happened, now)
        case "pagerduty":
            return _pagerduty(happened)
        case "alertmanager":
            return _alertmanager(happened, severities, now)


def incident_key(incident: Incident) -> str:
    """Return a key that is equal only for the same incident: an incident's id may be used again years later."""
    return f"swarmbot/{incident.cluster}/{incident.id}/{incident.opened_at:.0f}"


def _json(happened: Happened, now: float) -> dict[str, Any]:
    incident = happened.incident
    top = headline_of(incident.tracked).signal
    return {
        "version": 1,
        "event": happened.event,
        "at": _iso(now),
        "key": incident_key(incident),
        "cluster": incident.cluster,
        "incident": incident.id,
        "severity": severity_of(incident),
        "kind": top.kind,
        "subject": top.subject,
        "title": _title(incident),
        "opened_at": _iso(incident.opened_at),
        "resolved_at": _iso(incident.resolved_at),
        "acknowledged_by": incident.acknowledged_by or None,
        "quorum": as_plain(incident.quorum) or None,
        "command": f"/swarm {top.fix}" if top.fix and incident.open else None,
        "signals": [
            {
                "kind": each.signal.kind,
                "subject": each.signal.subject,
                "severity": each.signal.severity,
                "text": as_plain(each.signal.text),
                "since": _iso(each.signal.since),
                "ended_at": _iso(each.over_at),
            }
            for each in incident.tracked
        ],
    }


def _pagerduty(happened: Happened) -> dict[str, Any]:
    incident = happened.incident
    action = PAGERDUTY_ACTIONS[happened.event]
    event: dict[str, Any] = {"event_action": action, "dedup_key": incident_key(incident), "client": "Swarmbot"}
    if action != "trigger":
        return event
    top = headline_of(incident.tracked).signal
    texts = [as_plain(each.signal.text) for each in incident.tracked if not each.over_at]
    more = [f"and {len(texts) - MAX_SIGNALS} more"] if len(texts) > MAX_SIGNALS else []
    details = {
        "incident": incident.id,
        "show": f"/swarm incidents {incident.id}",
        "signals": [*texts[:MAX_SIGNALS], *more],
    }
    payload = {
        "summary": f"{incident.cluster}: {_title(incident)}"[:MAX_SUMMARY_CHARS],
        "source": incident.cluster,
        "severity": PAGERDUTY_SEVERITIES[severity_of(incident)],
        "timestamp": _iso(incident.opened_at),
        "component": top.subject or incident.cluster,
        "class": top.kind,
        "custom_details": details,
    }
    return {**event, "payload": payload}


def _alertmanager(happened: Happened, severities: Collection[Severity], now: float) -> list[dict[str, Any]]:
    """Return an alert for each severity: labels are an alert's identity, so with another severity it is another one."""
    incident = happened.incident
    shown = {"summary": _title(incident), "show": f"/swarm incidents {incident.id}"}
    labels = {"alertname": "SwarmbotIncident", "cluster": incident.cluster, "incident": incident.id}
    return [
        {
            "labels": {**labels, "severity": severity},
            "annotations": shown,
            "startsAt": _iso(incident.opened_at),
            "endsAt": _iso(now + ALERT_S if incident.open and severity == severity_of(incident) else now),
        }
        for severity in get_args(Severity)
        if severity in severities and severity in happened.severities
    ]


def _title(incident: Incident) -> str:
    top = headline_of(incident.tracked)
    over = incident.resolved_at and top.signal.severity != "note"
    return as_plain(resolved_text(incident) if over else top.signal.text)


def _iso(moment: float) -> str | None:
    """Return a time as RFC 3339, in UTC; None for 0."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds") if moment else None
