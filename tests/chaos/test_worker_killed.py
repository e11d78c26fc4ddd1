"""A worker is killed during a join on real engines: another one finishes it, once."""

from __future__ import annotations

import pytest

from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario, stalled

TAKEN_OVER: float = 60.0
"""Seconds: issue 2 promises 20, which a busy machine may not keep."""


@pytest.mark.parametrize("fixed", [True, False])
def test_another_worker_finishes_the_join(scenario: Scenario, fixed: bool) -> None:  # noqa: FBT001 - pytest's parameter
    """Exactly one node has joined, its label is on it, and its card says so.

    The host was left in the middle: ``fixed`` lets the dead worker's call come through by itself; otherwise the
    host is still pending when the other worker looks, and is brought back and joined.
    """
    scenario.cluster()
    with stalled(scenario["host-1"], scenario["host-2"]):
        job = scenario.begin("ada", "join worker host-2 --label zone=b")
        until(lambda: scenario.membership("host-2") == "pending", "host-2 is joining")
        if not fixed:
            first = kill_who_runs(scenario, job)
            until(lambda: took_over(scenario, job, first), "another worker has taken the job", timeout=TAKEN_OVER)
    if fixed:
        first = kill_who_runs(scenario, job)
        card = scenario.end(job, timeout=TAKEN_OVER)
    else:
        card = scenario.end(job)
    assert card.text.startswith("✓ *1 worker joined prod*"), card.text
    assert scenario.nodes() == {"host-1": "Ready Active Leader", "host-2": "Ready Active"}
    labels = scenario["host-1"].docker("node", "inspect", "host-2", "--format", "{{.Spec.Labels.zone}}")
    assert labels.strip() == "b"
    assert took_over(scenario, job, first)
    assert "attempt 2" in scenario.ask("eve", f"job {job}")
    posted = [entry for entry in scenario.slack.transcript() if entry.kind == "posted" and f"job `{job}`" in entry.text]
    assert len([entry for entry in posted if not entry.private]) == 1


def kill_who_runs(scenario: Scenario, job: str) -> str:
    """Kill the worker that runs ``job`` with -9 and return its Procfile name."""
    name = who_runs(scenario, job)
    scenario.deployment.kill(name)
    return name


def who_runs(scenario: Scenario, job: str) -> str:
    """Return the Procfile name of the worker that runs ``job`` at its first attempt."""
    told = scenario.ask("eve", f"job {job}")
    running = [name for name, process in scenario.deployment.processes.items() if f"-{process.pid}, attempt 1" in told]
    assert len(running) == 1, told
    return running[0]


def took_over(scenario: Scenario, job: str, first: str) -> bool:
    """Return whether the living worker reports it."""
    other = {"worker.1", "worker.2"} - {first}
    return f"Job {job} was reclaimed, attempt 2" in scenario.deployment.log(other.pop())
