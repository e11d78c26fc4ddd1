"""Slack is down while a join runs on real engines: the job does not wait, and its card is updated afterwards."""

from __future__ import annotations

import pytest

from sandbox.fleet.shell import until
from sandbox.slack.faults import Kind
from tests.kits.scenario import Scenario, stalled


@pytest.mark.parametrize("fault", ["http_500", "drop", "rate_limited"])
def test_the_last_state_of_the_card_arrives_afterwards(scenario: Scenario, fault: Kind) -> None:
    """The host joins although Slack accepts nothing; when Slack is back, the card shows how the job ended."""
    scenario.cluster()
    with stalled(scenario["host-1"], scenario["host-2"]):
        job = scenario.begin("ada", "join worker host-2")
        until(lambda: scenario.membership("host-2") == "pending", "host-2 is joining")
        scenario.slack.fault(fault)
    scenario.quiet()
    assert scenario.nodes()["host-2"] == "Ready Active"
    assert "joined prod" not in scenario.public().partition(job)[2]
    scenario.slack.clear_faults()
    assert scenario.end(job).text.startswith("✓ *1 worker joined prod*")
