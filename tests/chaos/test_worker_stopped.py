"""A worker stands still past its lease, as in a paused VM, and wakes after another one has ended its job."""

from __future__ import annotations

import signal

from sandbox.fleet.shell import until
from tests.kits.killed_workers import TAKEN_OVER, took_over, who_runs
from tests.kits.scenario import Scenario, stalled


def test_a_worker_that_wakes_changes_no_card(scenario: Scenario) -> None:
    """The card that the other worker has ended stays as it is, and it is the only one."""
    scenario.cluster()
    with stalled(scenario["host-1"], scenario["host-2"]):
        job = scenario.begin("ada", "join worker host-2")
        until(lambda: scenario.membership("host-2") == "pending", "host-2 is joining")
        first = who_runs(scenario, job)
        scenario.deployment.processes[first].send_signal(signal.SIGSTOP)
        until(lambda: took_over(scenario, job, first), "another worker has taken the job", timeout=TAKEN_OVER)
    ended = scenario.end(job, timeout=TAKEN_OVER)
    assert ended.text.startswith("✓ *1 worker joined prod*"), ended.text
    scenario.deployment.processes[first].send_signal(signal.SIGCONT)
    until(
        lambda: f"Job {job} is no longer this worker's" in scenario.deployment.log(first), "it has noticed", timeout=60
    )
    scenario.ask("eve", "nodes")  # what the woken worker was about to send is sent by now
    cards = [message for message in scenario.slack.messages("prod") if f"`{job}`" in message.shown]
    assert [message.shown for message in cards] == [ended.text]
