"""What others than Slack are told of an incident."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.model.incident import Advanced, Incident, Severity, WatchState
from bot.swarm.incidents.events import Happened, events_of
from bot.swarm.incidents.webhook_body import webhook_body
from tests.kits.incidents import AT, incident, signal

OPEN = replace(incident(), shown="open:a:b:c")
WAITING = replace(incident(), told_at=0.0, changed_at=0.0)
OVER = replace(incident(resolved_at=AT + 60), shown="over:a:b:c")
ADA = replace(OPEN, acknowledged_by="U0ADA")
AGAIN = replace(OPEN, opened_at=AT + 9e6)


@pytest.mark.parametrize(
    ("before", "now", "told", "events"),
    [
        (None, OPEN, True, ["opened"]),
        (WAITING, OPEN, True, ["opened"]),
        (None, WAITING, False, []),
        (OPEN, OPEN, False, []),
        (OPEN, OPEN, True, ["updated"]),
        (OPEN, ADA, True, ["updated", "acknowledged"]),
        (OPEN, ADA, False, ["acknowledged"]),
        (ADA, ADA, True, ["updated"]),
        (OPEN, OVER, True, ["resolved"]),
        (None, OVER, True, ["opened", "resolved"]),
        (OVER, OVER, True, []),
        (OVER, OPEN, True, ["opened"]),
        (replace(OPEN, resolved_at=AT + 60), OVER, True, ["resolved"]),
        (OVER, AGAIN, True, ["opened"]),
    ],
)
def test_what_has_happened(before: Incident | None, now: Incident, told: bool, events: list[str]) -> None:  # noqa: FBT001 - a case
    """Told is what people are told in Slack; an end counts when it is told, and an id may be used again."""
    state = WatchState(incidents=(now,))
    old = WatchState(incidents=(before,) if before else ())
    assert [each.event for each in events_of(old, Advanced(state, told=(now,) if told else ()))] == events


def body(kind: Any, event: Any, of: Incident, *severities: Severity) -> Any:
    """What is sent of an event a minute after the incident began."""
    return webhook_body(kind, Happened(event, of), severities or ("critical",), AT + 60)


def test_json() -> None:
    """Plain text, times as RFC 3339, and the command that fixes it as it is typed."""
    found = incident("3f2a", signal(fix="activate host-2"))
    assert body("json", "opened", found) == {
        "version": 1,
        "event": "opened",
        "at": "2027-01-15T08:01:00+00:00",
        "key": "swarmbot/prod/3f2a/1800000000",
        "cluster": "prod",
        "incident": "3f2a",
        "severity": "critical",
        "kind": "node down",
        "subject": "host-2",
        "title": "host-2 is down",
        "opened_at": "2027-01-15T08:00:00+00:00",
        "resolved_at": None,
        "acknowledged_by": None,
        "quorum": None,
        "command": "/swarm activate host-2",
        "signals": [
            {
                "kind": "node down",
                "subject": "host-2",
                "severity": "critical",
                "text": "host-2 is down",
                "since": "2027-01-15T08:00:00+00:00",
                "ended_at": None,
            }
        ],
    }


def test_pagerduty() -> None:
    """An update is one more trigger with the same key; acknowledge and resolve have the key alone."""
    trigger = body("pagerduty", "updated", OPEN)
    assert (trigger["event_action"], trigger["dedup_key"]) == ("trigger", "swarmbot/prod/3f2a/1800000000")
    assert trigger["payload"]["summary"] == "prod: host-2 is down"
    assert (trigger["payload"]["severity"], trigger["payload"]["source"]) == ("critical", "prod")
    for event, action in (("acknowledged", "acknowledge"), ("resolved", "resolve")):
        sent = body("pagerduty", event, OPEN)
        assert sent == {"event_action": action, "dedup_key": trigger["dedup_key"], "client": "Swarmbot"}


def test_alertmanager_ends_the_alert_of_a_severity_that_passed() -> None:
    """Its labels are its identity, so an alert whose severity changes is another one."""
    worse = replace(signal("tasks pending", "web"), severity="warning", subject_id="s1")
    both = incident("3f2a", signal(), worse)
    passed = replace(both, tracked=(replace(both.tracked[0], over_at=AT + 30), both.tracked[1]))
    now, later = "2027-01-15T08:01:00+00:00", "2027-01-22T08:01:00+00:00"
    for of, ends in ((both, {"critical": later, "warning": now}), (passed, {"critical": now, "warning": later})):
        alerts = body("alertmanager", "updated", of, "critical", "warning")
        assert {each["labels"]["severity"]: each["endsAt"] for each in alerts} == ends
    [alert] = body("alertmanager", "resolved", replace(both, resolved_at=AT + 60), "critical")
    assert alert["labels"] == {
        "alertname": "SwarmbotIncident",
        "cluster": "prod",
        "incident": "3f2a",
        "severity": "critical",
    }
    assert alert["endsAt"] == now
