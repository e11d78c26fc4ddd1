"""The message of an incident: what the cases of tests/watch do not show."""

from __future__ import annotations

import pytest

from bot.swarm.incidents.incident_message import incident_message
from tests.kits.incidents import AT, incident
from tests.plans.showing import show_message


@pytest.mark.parametrize(("lasted_s", "times"), [(56, 2), (3599, 2), (3600, 0)])
def test_a_short_incident_has_its_times_with_seconds(lasted_s: float, times: int) -> None:
    """A beginning and an end in the same minute say nothing."""
    over = incident(resolved_at=AT + lasted_s)
    assert "\n".join(show_message(incident_message(over, AT + lasted_s))).count("{time_secs}") == times
