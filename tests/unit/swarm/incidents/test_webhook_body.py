"""What webhooks are sent about an incident."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.config.models import Severity
from bot.model.incident import Advanced, Incident, WatchEntry, WatchState
from bot.swarm.incidents.events import Happened, events_of
from bot.swarm.incidents.webhook_body import webhook_body
from tests.kits.incidents import AT, incident, signal
from tests.kits.webhook_schemas import check_alertmanager, check_pagerduty

OPEN = replace(incident(), shown="open:a:b:c")
OVER = replace(incident(resolved_at=AT + 60), shown="over:a:b:c")
ADA = replace(OPEN, acknowledged_by="U0ADA")


@pytest.mark.parametrize(
    ("before", "now", "actions", "events"),
    [
        (OPEN, OPEN, [], ["updated"]),
        (OPEN, ADA, [], ["updated", "acknowledged"]),
        (ADA, ADA, [], ["updated"]),
        (OPEN, OPEN, ["incident opened"], ["opened"]),
        (OPEN, OVER, ["incident resolved"], ["resolved"]),
        (OPEN, replace(OVER, acknowledged_by="U0ADA"), ["incident resolved"], ["acknowledged", "resolved"]),
        (OVER, OPEN, ["incident reopened"], ["opened"]),
        (OPEN, OVER, ["incident opened", "incident resolved"], ["opened", "resolved"]),
        (OPEN, OVER, ["incident opened"], ["opened", "resolved"]),
    ],
)
def test_what_has_happened(before: Incident, now: Incident, actions: list[Any], events: list[str]) -> None:
    """By what the audit log is told, and what people are told; nothing of what is told to nobody."""
    entries = tuple(WatchEntry(now.id, action, "") for action in actions)
    advanced = Advanced(WatchState(incidents=(now,)), told=(now,), entries=entries)
    old = WatchState(incidents=(before,))
    assert [each.event for each in events_of(old, advanced)] == events
    quiet = replace(now, told_at=0.0)
    silenced = WatchEntry(now.id, "incident silenced", "")
    assert events_of(old, Advanced(WatchState(incidents=(quiet,)), entries=(silenced,))) == ()


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


def test_however_much_is_wrong_pagerduty_takes_it() -> None:
    """Its limits are 1,024 characters for the summary and 512 kB for the event; the rest is counted."""
    many = [replace(signal("tasks pending", f"web-{number}"), subject_id=f"s{number}") for number in range(10_000)]
    long = replace(many[0], text="x" * 5_000)
    found = body("pagerduty", "opened", incident("3f2a", long, *many[1:]))
    check_pagerduty(found)
    told = found["payload"]["custom_details"]["signals"]
    assert told[-1] == f"and {10_000 - len(told) + 1} more"


@pytest.mark.parametrize("event", ["opened", "updated", "acknowledged", "resolved"])
def test_alertmanager_takes_each_event(event: Any) -> None:
    """Its labels have names and values, and it ends after its beginning."""
    check_alertmanager(body("alertmanager", event, OVER if event == "resolved" else OPEN))
