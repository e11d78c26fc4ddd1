"""Jobs on real engines: their order, cancellation, and requests that Slack delivers twice."""

from __future__ import annotations

import pytest

from sandbox.fleet.shell import until
from sandbox.slack.faults import Kind
from tests.kits.scenario import Scenario, stalled


def test_changes_of_one_cluster_run_one_after_the_other(scenario: Scenario) -> None:
    """The second is told which job it waits for; a waiting job can be cancelled; another cluster does not wait."""
    scenario.cluster()
    with stalled(scenario["host-1"], scenario["host-2"]):
        first = scenario.begin("ada", "join worker host-2")
        until(lambda: scenario.membership("host-2") == "pending", "host-2 is joining")
        after = scenario.now
        second = scenario.begin("ben", "join worker host-3")
        waits = f"It is planned when job `{first}` (`/swarm join worker host-2`) has ended or waits for approval."
        assert waits in scenario.see("ben", second, after=after).text
        third = scenario.begin("ada", "join worker host-4")
        cancelled = scenario.ask("ben", f"cancel {third}")
        assert cancelled == f"Job `{third}` was cancelled. Nothing was changed."
        assert scenario.change("cleo", "init host-5", "lab").text.startswith("✓")
        assert "2 jobs run or wait in prod" in scenario.ask("eve", "jobs")
        assert scenario.membership("host-3") == "inactive"
    assert scenario.end(first).text.startswith("✓")
    assert scenario.end(second).text.startswith("✓")
    assert set(scenario.nodes()) == {"host-1", "host-2", "host-3"}
    assert scenario.membership("host-4") == "inactive"
    assert "cancelled" in scenario.ask("eve", f"job {third}")


def test_orders_typed_in_a_row_end_as_if_typed_one_by_one(scenario: Scenario) -> None:
    """Each is planned when those before it have ended: a join after the init, a label after the join.

    ``--plan`` does not wait. It shows the state of now, and names the orders that come before.
    """
    with stalled(scenario["host-1"], scenario["host-3"]):
        orders = ("init host-1", "join manager host-2", "join worker host-3", "label host-3 zone=b", "leave host-2")
        jobs = [scenario.begin("cleo", words) for words in orders]
        until(lambda: scenario.membership("host-3") == "pending", "host-3 is joining")
        plan = scenario.ask("cleo", "drain host-3 --plan")
        assert "prod has no node" in plan or "is not a node of prod" in plan, plan
        plan = scenario.ask("cleo", "promote host-2 --plan")
        assert "This is the plan for prod as it is now" in plan
        assert f"when jobs `{jobs[2]}` (`/swarm join worker host-3`), `{jobs[3]}`" in plan
        after = scenario.now
        removal = scenario.begin("cleo", "remove host-2")
        assert f"`{jobs[4]}` (`/swarm leave host-2`)" in scenario.see("cleo", f"is job `{removal}`", after=after).text
    ends = [scenario.end(job).text for job in jobs]
    assert all(end.startswith("✓") for end in ends), ends
    removed = scenario.see("cleo", "no record of `host-2`", after=after, private=True).text
    assert removed.startswith("✓ *No change needed*")
    scenario.quiet()
    assert scenario.nodes() == {"host-1": "Ready Active Leader", "host-3": "Ready Active"}
    assert scenario.membership("host-2") == "inactive"
    labels = scenario["host-1"].docker("node", "inspect", "host-3", "--format", "{{json .Spec.Labels}}")
    assert labels.strip() == '{"zone":"b"}'


def test_a_misspelt_node_gets_its_error_alone(scenario: Scenario) -> None:
    """The names were read by the question before. ``nodes`` reads them again."""
    scenario.cluster(workers=("host-2",))
    scenario.ask("ada", "status")
    after = scenario.now
    error = scenario.ask("ada", "drain hsot-2")
    assert "prod had no node `hsot-2` when it was last read" in error
    assert "Did you mean `host-2`?" in error
    scenario.quiet()
    told = [entry for entry in scenario.slack.transcript(after) if "On it" in entry.text]
    assert told == []
    assert "hsot-2" not in scenario.ask("ada", "jobs")
    assert "host-2 | worker" in scenario.ask("ada", "nodes")


def test_a_running_job_stops_between_two_steps(scenario: Scenario) -> None:
    """Finished steps stay, the next step does not begin, and Retry continues."""
    scenario.cluster()
    with stalled(scenario["host-1"], scenario["host-2"]):
        job = scenario.begin("cleo", "join manager host-2 host-3")
        until(lambda: scenario.membership("host-2") == "pending", "host-2 is joining")
        card = scenario.see("ada", f"job `{job}`", private=False)
        after = scenario.now
        scenario.slack.click("ada", card, "Cancel")
        told = scenario.answer("ada", after).text
        assert told == f"Job `{job}` stops before its next step; finished steps are not undone."
    ended = scenario.end(job)
    assert "Cancelled by <@U0ADA>" in ended.text
    assert "not started: joining host-3 to prod as a manager" in ended.text
    assert scenario.nodes() == {"host-1": "Ready Active Leader", "host-2": "Ready Active Reachable"}
    assert scenario.membership("host-3") == "inactive"
    after = scenario.now
    scenario.slack.click("cleo", ended.seen, "Retry")
    again = scenario.end(scenario.job("cleo", after))
    assert again.text.startswith("✓"), again.text
    assert scenario.nodes()["host-3"] == "Ready Active Reachable"


@pytest.mark.parametrize(
    "fault",
    [
        "ack_lost",
        # test_slack_inbound.py delivers so without hosts, and finds one job.
        *(pytest.param(fault, marks=pytest.mark.long) for fault in ("deliver_twice", "retry")),
    ],
)
def test_a_repeated_request_runs_once(scenario: Scenario, fault: Kind) -> None:
    """Slack delivers again or did not receive the answer: there is one job and one card."""
    scenario.cluster()
    before = scenario.now
    scenario.slack.fault(fault, "command", times=1)
    scenario.slack.slash("ada", "prod", "join worker host-2")
    scenario.see("ada", "1 worker joined prod", after=before, private=False)
    scenario.quiet()
    assert scenario.nodes() == {"host-1": "Ready Active Leader", "host-2": "Ready Active"}
    posted = [entry for entry in scenario.slack.transcript(before) if entry.kind == "posted" and not entry.private]
    assert len(posted) == 1
    assert scenario.ask("ada", "jobs").count("`/swarm join worker host-2`") == 1


def test_an_unknown_job_is_reported(scenario: Scenario) -> None:
    """The answer names the command that lists jobs."""
    for words in ("job zzzz", "cancel zzzz"):
        answer = scenario.ask("ada", words)
        assert "Job `zzzz` does not exist." in answer
        assert "`/swarm jobs`" in answer


def test_an_ended_job_cannot_be_cancelled(scenario: Scenario) -> None:
    """The answer says that it has ended, and nothing is changed."""
    card = scenario.change("cleo", "init host-1")
    scenario.quiet()
    assert f"Job `{card.job}` has already ended" in scenario.ask("ada", f"cancel {card.job}")
    assert scenario.nodes() == {"host-1": "Ready Active Leader"}
