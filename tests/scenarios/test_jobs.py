"""Jobs on real engines: their order, cancellation, and requests that Slack delivers twice."""

from __future__ import annotations

import pytest

from sandbox.fleet.shell import until
from sandbox.slack.faults import Kind
from tests.kits.scenario import Play, stalled


def test_changes_of_one_cluster_run_one_after_the_other(play: Play) -> None:
    """The second is told which job it waits for; a waiting job can be cancelled; another cluster does not wait."""
    play.cluster()
    with stalled(play["host-1"], play["host-2"]):
        first = play.begin("ada", "join worker host-2")
        until(lambda: play.membership("host-2") == "pending", "host-2 is joining")
        after = play.now
        second = play.begin("ben", "join worker host-3")
        assert f"It starts when `{first}` has ended." in play.see("ben", second, after=after).text
        third = play.begin("ada", "join worker host-4")
        cancelled = play.ask("ben", f"cancel {third}")
        assert cancelled == f"Job `{third}` was cancelled. Nothing was changed."
        assert play.change("cleo", "init host-5", "lab").text.startswith("✓")
        assert "2 jobs run or wait in prod" in play.ask("eve", "jobs")
        assert play.membership("host-3") == "inactive"
    assert play.end(first).text.startswith("✓")
    assert play.end(second).text.startswith("✓")
    assert set(play.nodes()) == {"host-1", "host-2", "host-3"}
    assert play.membership("host-4") == "inactive"
    assert "cancelled" in play.ask("eve", f"job {third}")


def test_a_running_job_stops_between_two_steps(play: Play) -> None:
    """Finished steps stay, the next step does not begin, and Retry continues."""
    play.cluster()
    with stalled(play["host-1"], play["host-2"]):
        job = play.begin("cleo", "join manager host-2 host-3")
        until(lambda: play.membership("host-2") == "pending", "host-2 is joining")
        card = play.see("ada", f"job `{job}`", private=False)
        after = play.now
        play.slack.click("ada", card, "Cancel")
        told = play.answer("ada", after).text
        assert told == f"Job `{job}` stops before its next step; finished steps are not undone."
    ended = play.end(job)
    assert "Cancelled by <@U0ADA>" in ended.text
    assert "joining host-3 to prod as a manager: not started" in ended.text
    assert play.nodes() == {"host-1": "Ready Active Leader", "host-2": "Ready Active Reachable"}
    assert play.membership("host-3") == "inactive"
    after = play.now
    play.slack.click("cleo", ended.seen, "Retry")
    again = play.end(play.job("cleo", after))
    assert again.text.startswith("✓"), again.text
    assert play.nodes()["host-3"] == "Ready Active Reachable"


@pytest.mark.parametrize("fault", ["deliver_twice", "retry", "ack_lost"])
def test_a_repeated_request_runs_once(play: Play, fault: Kind) -> None:
    """Slack delivers again or did not receive the answer: there is one job and one card."""
    play.cluster()
    before = play.now
    play.slack.fault(fault, "command", times=1)
    play.slack.slash("ada", "prod", "join worker host-2")
    play.see("ada", "1 worker joined prod", after=before, private=False)
    play.quiet()
    assert play.nodes() == {"host-1": "Ready Active Leader", "host-2": "Ready Active"}
    posted = [entry for entry in play.slack.transcript(before) if entry.kind == "posted" and not entry.private]
    assert len(posted) == 1
    assert play.ask("ada", "jobs").count("`/swarm join worker host-2`") == 1


def test_an_unknown_job_is_reported(play: Play) -> None:
    """The answer names the command that lists jobs."""
    for words in ("job zzzz", "cancel zzzz"):
        answer = play.ask("ada", words)
        assert "Job `zzzz` does not exist." in answer
        assert "`/swarm jobs`" in answer


def test_an_ended_job_cannot_be_cancelled(play: Play) -> None:
    """The answer says that it has ended, and nothing is changed."""
    card = play.change("cleo", "init host-1")
    play.quiet()
    assert f"Job `{card.job}` has already ended" in play.ask("ada", f"cancel {card.job}")
    assert play.nodes() == {"host-1": "Ready Active Leader"}
