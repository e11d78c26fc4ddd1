"""Nodes, services and stacks on the newest engine: what the engine did is asked of the engine."""

from __future__ import annotations

import pytest

from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario
from tests.kits.service_scenario import (
    EXITING_IMAGE,
    NODES,
    SECOND_IMAGE,
    create,
    have_variants,
    inspect,
    running,
)
from tests.kits.stacks import names

pytestmark = pytest.mark.timeout(400)


def test_nodes(scenario: Scenario) -> None:
    """A cluster is made, a promotion is approved, routes are checked, a worker joins, is drained and leaves."""
    scenario.change("cleo", "init host-1")
    scenario.change("ada", "join worker host-2 host-3")
    engine = scenario["host-1"].docker("version", "--format", "{{.Server.Version}}").strip()
    assert int(engine.partition(".")[0]) >= 28
    after = scenario.now
    scenario.slack.slash("cleo", "prod", "promote host-2 host-3")
    scenario.approve("dan", after)
    until(lambda: scenario.nodes()["host-3"] == "Ready Active Reachable", "host-3 is a manager")
    status = scenario.ask("eve", "status")
    assert status.startswith("✓ *prod is healthy*"), status
    assert engine.partition("+")[0] in status
    assert "✓" in scenario.ask("eve", "check host-4").splitlines()[0]
    assert scenario.ask("ada", "check --all").startswith("✓"), "every route, and the overlay network"
    assert scenario.change("ada", "join worker host-4").text.startswith("✓")
    assert scenario.change("ada", "drain host-4").text.startswith("✓")
    assert scenario.change("cleo", "leave host-4").text.startswith("✓")
    assert scenario.membership("host-4") == "inactive"
    managers = {"host-1": "Leader", "host-2": "Reachable", "host-3": "Reachable"}
    assert scenario.nodes() == {name: f"Ready Active {standing}" for name, standing in managers.items()}


def test_services(scenario: Scenario) -> None:
    """A service is listed, updated, moved off a node, and scaled."""
    have_variants(scenario[name] for name in NODES)
    scenario.cluster(workers=NODES[1:], ingress=True)
    create(scenario, "web", "--constraint", "node.role==worker")
    assert "✓ web" in scenario.ask("eve", "services").replace("`", "")
    assert scenario.change("ada", f"update web --image {SECOND_IMAGE}").text.startswith("✓ *`web` is updated*")
    before = inspect(scenario, "web")["Spec"]
    assert scenario.change("ada", "drain host-2").text.startswith("✓ *`host-2` is drained*")
    until(lambda: running(scenario, "web", "Node") == ["host-3", "host-3"], "both tasks run on host-3")
    assert inspect(scenario, "web")["Spec"] == before
    assert scenario.change("ada", "scale web=3").text.startswith("✓")


@pytest.mark.long  # test_service_changes.py and test_why.py show these failures; the engines word them alike
def test_updates_that_fail(scenario: Scenario) -> None:
    """One is rolled back by the engine, and the tasks of another are pending: `why` says so."""
    have_variants(scenario[name] for name in NODES)
    scenario.cluster(workers=NODES[1:], ingress=True)
    create(scenario, "web", "--update-failure-action", "rollback", "--constraint", "node.role==worker")
    failed = scenario.change("ada", f"update web --image {EXITING_IMAGE}")
    assert failed.text.startswith("✗ *The update of `web` in prod failed*"), failed.text
    assert "Docker rolled the update back because tasks failed." in failed.text
    assert "failed with exit code 3" in failed.text
    until(lambda: running(scenario, "web") == [TASK_IMAGE] * 2, "the tasks of the old spec run again")
    pending = scenario.confirmed("ada", "update web --constraint node.labels.zone==c", "cannot run on any active node")
    assert pending.text.startswith("✗")
    why = scenario.ask("ada", "why web")
    assert "zone" in why, why


@pytest.mark.long
def test_a_rollout_is_paused(scenario: Scenario) -> None:
    """A cancelled update pauses it, and it continues to the end; a new job is created, and run again."""
    have_variants(scenario[name] for name in NODES)
    scenario.cluster(workers=NODES[1:], ingress=True)
    create(scenario, "web", replicas=4)
    job = scenario.begin("ada", f"update web --image {SECOND_IMAGE}")
    until(lambda: SECOND_IMAGE in running(scenario, "web"), "the first task is replaced")
    scenario.slack.slash("ben", "prod", f"cancel {job}")
    card = scenario.end(job)
    assert "the rollout was paused, " in card.text, card.text
    assert set(running(scenario, "web")) == {TASK_IMAGE, SECOND_IMAGE}
    assert "1 paused by Swarmbot" in scenario.ask("eve", "services")
    assert scenario.change("ada", "resume web").text.startswith("✓ *`web` is updated*")
    assert running(scenario, "web") == [SECOND_IMAGE] * 4
    assert "swarmbot.temporary" not in inspect(scenario, "web")["Spec"]["Labels"]
    typed = f"run once --image {TASK_IMAGE} --replicas 2 --command \"sh -c 'sleep 1'\""
    assert scenario.change("ada", typed).text.startswith("✓ *`once` is completed*")
    assert scenario.change("ada", typed).text.startswith("✓ *`once` is completed*"), "its spec is the one typed"


@pytest.mark.usefixtures("app")
def test_a_stack(scenario: Scenario) -> None:
    """It is deployed as planned, the same file changes nothing, and it is removed whole."""
    scenario.cluster(workers=("host-2",), ingress=True)
    card = scenario.change("ada", "deploy app --no-resolve")
    assert card.text.startswith("✓ *Stack `app` is deployed in prod*"), card.text
    assert names(scenario, "services") == {"app_web", "app_db"}
    assert scenario.ask("ada", "deploy app --no-resolve").startswith("✓ *No change needed*")
    assert scenario.confirmed("ada", "undeploy app", "is removed").text.startswith("✓")
    assert names(scenario, "services") == names(scenario, "networks") == set()
