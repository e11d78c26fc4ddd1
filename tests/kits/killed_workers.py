"""Two workers that are killed: which of them runs a job, their end by SIGKILL, and who takes the job over."""

from __future__ import annotations

from typing import Final

from bot.audit import Audit
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store.client import connect
from tests.kits.scenario import Scenario

WORKERS: Final = ("worker.1", "worker.2")
"""The workers of a scenario that kills them, by their Procfile names."""
TAKEN_OVER: Final = 60.0
"""Seconds: docs/operations.md promises 20, which a busy machine may not keep."""


def kill_who_runs(scenario: Scenario, job: str) -> str:
    """Kill the worker that runs ``job`` with -9 and return its Procfile name."""
    name = who_runs(scenario, job)
    scenario.deployment.kill(name)
    return name


def who_runs(scenario: Scenario, job: str) -> str:
    """Return the Procfile name of the worker that runs ``job`` at its first attempt."""
    with connect(Secret(scenario.deployment.redis_url)) as redis:
        found = Queue(redis, Audit(redis)).get(job)
    assert found is not None
    assert found.attempt == 1
    processes = scenario.deployment.processes.items()
    [running] = [name for name, process in processes if found.worker.endswith(f"-{process.pid}")]
    return running


def took_over(scenario: Scenario, job: str, first: str) -> bool:
    """Return whether the living worker reports it."""
    other = {*WORKERS} - {first}
    return f"Job {job} was reclaimed, attempt 2" in scenario.deployment.log(other.pop())


def kill_all(scenario: Scenario) -> None:
    """End every worker with kill -9."""
    for name in WORKERS:
        scenario.deployment.kill(name)


def start_all(scenario: Scenario) -> None:
    """Start them again."""
    for name in WORKERS:
        scenario.deployment.start(name)
