"""A worker is killed, or the job cancelled, in the middle of a drain without a gap: nothing temporary stays behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from bot.swarm.services.spec.temporary_spec import LABEL, TAKEN_BACK
from sandbox.fleet.shell import until
from tests.kits.killed_workers import kill_who_runs
from tests.kits.scenario import Scenario
from tests.kits.service_scenario import create_running, inspect

SLOW: Final = ("--health-cmd", "true", "--health-interval", "4s", "--stop-grace-period", "3s")
"""A move takes seconds: a task runs once its first health check has passed."""


def label(scenario: Scenario) -> str:
    """Return what the service's label says of a temporary change."""
    return str(inspect(scenario, "web")["Spec"]["Labels"].get(LABEL, ""))


def is_moving(scenario: Scenario) -> bool:
    """Return whether the service is kept off its node."""
    return label(scenario) not in {"", TAKEN_BACK}


def is_drained(scenario: Scenario) -> bool:
    """Return whether the node is drained, with the service's spec as it is during the drain."""
    return scenario.nodes()["host-2"] == "Ready Drain"


@pytest.fixture
def before(scenario: Scenario) -> Any:
    """Run a service with one task, on host-2, which may run anywhere; return its spec."""
    scenario.cluster()
    scenario.change("ada", "join worker host-2 host-3")
    create_running(scenario, "web", "--constraint", "node.hostname==host-2", *SLOW, timeout=60)
    scenario["host-1"].docker("service", "update", "--detach", "--constraint-rm", "node.hostname==host-2", "web")
    return inspect(scenario, "web")["Spec"]


@pytest.mark.parametrize("moment", [is_moving, pytest.param(is_drained, marks=pytest.mark.long)])
def test_another_worker_finishes_the_drain(scenario: Scenario, before: Any, moment: Callable[[Scenario], bool]) -> None:
    """The node is drained, the service runs elsewhere, its spec is as before, and so is what a rollback returns to."""
    job = scenario.begin("ada", "drain host-2")
    until(lambda: moment(scenario), "the moment has come", timeout=60)
    kill_who_runs(scenario, job)
    card = scenario.end(job, timeout=120)
    assert card.text.startswith("✓ *`host-2` is drained*"), card.text
    now = inspect(scenario, "web")
    assert now["Spec"] == before
    assert now["PreviousSpec"]["TaskTemplate"]["Placement"] == before["TaskTemplate"]["Placement"]
    assert is_drained(scenario)
    assert "host-2" not in scenario["host-1"].docker("service", "ps", "web", "--filter", "desired-state=running")


@pytest.mark.long
def test_a_cancelled_drain_takes_its_change_back(scenario: Scenario, before: Any) -> None:
    """The node stays active, and the service's spec is as before."""
    job = scenario.begin("ada", "drain host-2")
    until(lambda: is_moving(scenario), "the service moves", timeout=60)
    scenario.ask("ben", f"cancel {job}")
    card = scenario.end(job, timeout=120)
    assert "Cancelled by <@U0BEN>" in card.text, card.text
    assert inspect(scenario, "web")["Spec"] == before
    assert scenario.nodes()["host-2"] == "Ready Active"
