"""Redis is killed while a join runs on real engines: nothing is lost, nothing is done twice."""

from __future__ import annotations

from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario, stalled


def test_a_job_outlives_redis(scenario: Scenario) -> None:
    """The requester of a command meanwhile sees that nothing was done; the job succeeds, with one node and one card."""
    scenario.cluster()
    with stalled(scenario["host-1"], scenario["host-2"]):
        job = scenario.begin("ada", "join worker host-2 --label zone=b")
        until(lambda: scenario.membership("host-2") == "pending", "host-2 is joining")
        scenario.deployment.kill("redis")
        told = scenario.ask("ben", "join worker host-3")
        assert "Nothing was done" in told or "nothing was done" in told
        scenario.deployment.start_redis()
    card = scenario.end(job)
    assert card.text.startswith("✓ *1 worker joined prod*"), card.text
    scenario.quiet()
    assert scenario.nodes() == {"host-1": "Ready Active Leader", "host-2": "Ready Active"}
    assert scenario.membership("host-3") == "inactive"
    assert scenario.change("ada", "join worker host-3").text.startswith("✓")
    entries = scenario.ask("ada", "audit --node host-2 --last 40")
    assert "requested `/swarm join worker host-2" in entries
