"""Workers are killed while a manager's engine is stopped for a backup: the engine is always started again."""

from __future__ import annotations

import pytest

from sandbox.fleet.shell import until
from tests.kits.killed_workers import kill_all, who_runs
from tests.kits.scenario import Scenario

BALLAST = 64
"""Megabytes that cannot be compressed: packing them takes seconds."""
TWO_BACKUPS_S = 200.0
"""The takeover takes 15 s, then the engine is stopped, packed and started again: a minute each on a busy machine."""


@pytest.mark.long
def test_another_worker_finishes_the_backup(scenario: Scenario) -> None:
    """The host itself starts its engine again at once, and the other worker takes the backup again."""
    job, first = stopped(scenario)
    scenario.deployment.kill(first)
    until(lambda: scenario["host-3"].docker_answers, "the engine of host-3 runs again, by nobody's order")
    card = scenario.end(job, timeout=TWO_BACKUPS_S)
    assert card.text.startswith("✓ *prod is backed up*"), card.text
    assert scenario.nodes()["host-3"] == "Ready Active Reachable"
    assert "attempt 2" in scenario.ask("eve", f"job {job}")
    assert len([*(scenario.deployment.folder / "backups").iterdir()]) == 1


@pytest.mark.long
def test_without_any_worker_the_engine_runs_again(scenario: Scenario) -> None:
    """No process of Swarmbot runs, and the manager still comes back. A worker that starts later ends the job."""
    job, first = stopped(scenario)
    kill_all(scenario)
    until(lambda: scenario["host-3"].docker_answers, "the engine of host-3 runs again, by nobody's order")
    until(lambda: scenario.nodes().get("host-3") == "Ready Active Reachable", "host-3 is a reachable manager")
    scenario.deployment.start(first)
    card = scenario.end(job)
    assert card.text.startswith("✓ *prod is backed up*"), card.text


def stopped(scenario: Scenario) -> tuple[str, str]:
    """Begin a backup and wait until its engine is stopped. Return the job and the worker that runs it."""
    scenario.cluster(managers=("host-1", "host-2", "host-3"))
    swarm = scenario["host-3"].folder / "data" / "swarm"
    scenario["host-3"].run("dd", "if=/dev/urandom", f"of={swarm}/ballast", "bs=1M", f"count={BALLAST}")
    job = scenario.begin("cleo", "backup host-3")
    until(lambda: "started" in scenario.ask("eve", f"job {job}"), "a worker runs the job")
    first = who_runs(scenario, job)
    until(lambda: not scenario["host-3"].docker_runs, "the engine of host-3 is stopped")
    return job, first
