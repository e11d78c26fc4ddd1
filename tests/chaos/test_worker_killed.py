"""A worker is killed during a join on real engines: another one finishes it, once."""

from __future__ import annotations

import pytest

from sandbox.fleet.shell import until
from tests.kits.killed_workers import TAKEN_OVER, kill_who_runs, took_over
from tests.kits.scenario import Scenario, stalled


@pytest.mark.parametrize("fixed", [pytest.param(True, marks=pytest.mark.long), False])
def test_another_worker_finishes_the_join(scenario: Scenario, fixed: bool) -> None:  # noqa: FBT001 - pytest's parameter
    """Exactly one node has joined, with its label, and its card says so; its steps are reported once, in the thread.

    The host was left in the middle: ``fixed`` lets the dead worker's call come through by itself; otherwise the host is
    still pending when the other worker looks, and is brought back and joined.
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
    scenario.quiet()
    entries = [each for each in scenario.slack.transcript() if each.kind == "posted" and f"job `{job}`" in each.text]
    posted, steps = [entry.text for entry in entries if not entry.private]
    assert posted.startswith("*<@U0ADA> joins 1 worker to prod*"), posted
    assert steps.startswith(f"*All steps of job `{job}`*"), steps
    assert (steps.count("✓"), steps.count("{time_secs}")) == (4, 2), steps
