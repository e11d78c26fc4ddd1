"""Slack is down while a join runs on real engines: the job does not wait, and its card is updated afterwards."""

from __future__ import annotations

import pytest

from sandbox.fleet.shell import until
from sandbox.slack.faults import Kind
from tests.kits.scenario import Play, stalled


@pytest.mark.parametrize("fault", ["http_500", "drop", "rate_limited"])
def test_the_last_state_of_the_card_arrives_afterwards(play: Play, fault: Kind) -> None:
    """The host joins although Slack accepts nothing; when Slack is back, the card shows how the job ended."""
    play.cluster()
    with stalled(play["host-1"], play["host-2"]):
        job = play.begin("ada", "join worker host-2")
        until(lambda: play.membership("host-2") == "pending", "host-2 is joining")
        play.slack.fault(fault)
    play.quiet()
    assert play.nodes()["host-2"] == "Ready Active"
    assert "joined prod" not in play.public().partition(job)[2]
    play.slack.clear_faults()
    assert play.end(job).text.startswith("✓ *1 worker joined prod*")
