"""A worker is killed in the middle of an update of a service: another one finishes it, once."""

from __future__ import annotations

import pytest

from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.killed_workers import kill_who_runs
from tests.kits.scenario import Scenario
from tests.kits.service_scenario import SECOND_IMAGE, create, have_variants, inspect, running


@pytest.mark.long
def test_another_worker_finishes_the_update(scenario: Scenario) -> None:
    """The spec is written once, so that a rollback still returns to the one before, and the end is reported once."""
    scenario.cluster(workers=("host-2", "host-3"))
    have_variants(scenario[name] for name in ("host-1", "host-2", "host-3"))
    create(scenario, "web")
    job = scenario.begin("ada", f"update web --image {SECOND_IMAGE}")
    until(lambda: SECOND_IMAGE in running(scenario, "web"), "the first task is replaced")
    kill_who_runs(scenario, job)
    card = scenario.end(job)
    assert card.text.startswith("✓ *`web` is updated*"), card.text
    assert "attempt 2" in scenario.ask("eve", f"job {job}")
    assert running(scenario, "web") == [SECOND_IMAGE] * 2
    assert inspect(scenario, "web")["PreviousSpec"]["TaskTemplate"]["ContainerSpec"]["Image"] == TASK_IMAGE


@pytest.mark.long
def test_another_worker_stops_docker_for_a_cancelled_update(scenario: Scenario) -> None:
    """The first worker dies before it hears of the cancellation. The second starts nothing, and pauses the rollout."""
    scenario.cluster(workers=("host-2", "host-3"))
    have_variants(scenario[name] for name in ("host-1", "host-2", "host-3"))
    create(scenario, "web", "--update-delay", "20s", replicas=4)
    job = scenario.begin("ada", f"update web --image {SECOND_IMAGE}")
    until(lambda: SECOND_IMAGE in running(scenario, "web"), "the first task is replaced")
    kill_who_runs(scenario, job)
    scenario.slack.slash("ben", "prod", f"cancel {job}")
    card = scenario.end(job)
    assert card.text.startswith("· *Cancelled: update `web` in prod*"), card.text
    assert "the rollout was paused, " in card.text, card.text
    assert TASK_IMAGE in running(scenario, "web")
    assert scenario.change("ada", "resume web", timeout=180).text.startswith("✓")
    assert running(scenario, "web") == [SECOND_IMAGE] * 4
