"""Which webhooks are sent what: a webhook for some severities gets an incident from when it has one of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from bot.config.models import Severity
from bot.model.incident import Advanced, Incident, WatchEntry, WatchState
from bot.secrets.secret import Secret
from bot.watch.announce import announcements
from bot.webhooks.targets import Target
from tests.kits.incidents import AT, incident, signal

WARNING = replace(signal("host silent"), severity="warning")
CRITICAL = signal()
Event = Literal["incident opened", "incident resolved"]


def _told(before: Incident | None, now: Incident, action: Event | None = None, *severities: Severity) -> list[Any]:
    """Return the events that a JSON webhook for ``severities`` is sent when one incident becomes ``now``."""
    target = Target("pager", "json", Secret("https://192.0.2.9/"), None, severities, ("prod",))
    entries = (WatchEntry(now.id, action, ""),) if action else ()
    advanced = Advanced(WatchState((now,)), told=(now,), entries=entries)
    state = WatchState((before,) if before else ())
    return [each.body["event"] for each in announcements(state, advanced, [target], "prod", AT)]


def test_an_incident_that_becomes_critical_begins_then_for_a_pager() -> None:
    """It did not get the warning. Later changes are changes, and a webhook for warnings gets a change."""
    silent = replace(incident("3f2a", WARNING), severities=("warning",))
    down = replace(incident("3f2a", WARNING, CRITICAL), severities=("warning", "critical"))
    assert _told(None, silent, "incident opened", "critical") == []
    assert _told(silent, down, None, "critical") == ["opened"]
    assert _told(down, down, None, "critical") == ["updated"]
    assert _told(silent, down, None, "critical", "warning") == ["updated"]
    assert _told(down, replace(down, resolved_at=AT + 60), "incident resolved", "critical") == ["resolved"]
