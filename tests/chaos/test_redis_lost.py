"""Redis is killed while a join runs on real engines: nothing is lost, nothing is done twice."""

from __future__ import annotations

from sandbox.fleet.shell import until
from tests.kits.scenario import Play, stalled


def test_a_job_outlives_redis(play: Play) -> None:
    """Who asks meanwhile is told that nothing was done; the job succeeds, with one node and one card."""
    play.cluster()
    with stalled(play["host-1"], play["host-2"]):
        job = play.begin("ada", "join worker host-2 --label zone=b")
        until(lambda: play.membership("host-2") == "pending", "host-2 is joining")
        play.stage.kill("redis")
        told = play.ask("ben", "join worker host-3")
        assert "Nothing was done" in told or "nothing was done" in told
        play.stage.start_redis()
    card = play.end(job)
    assert card.text.startswith("✓ *1 worker joined prod*"), card.text
    play.quiet()
    assert play.nodes() == {"host-1": "Ready Active Leader", "host-2": "Ready Active"}
    assert play.membership("host-3") == "inactive"
    assert play.change("ada", "join worker host-3").text.startswith("✓")
    entries = play.ask("ada", "audit --node host-2 --last 40")
    assert "requested `/swarm join worker host-2" in entries
