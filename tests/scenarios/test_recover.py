"""A lost quorum is explained and recovered through Slack while the tasks keep running."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest

from sandbox.deployment import PEOPLE, Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.approval_scenario import ApprovalScenario
from tests.kits.scenario import QUESTION_INTERVAL_S, Scenario

pytestmark = pytest.mark.timeout(400)

OFF = ("host-2", "host-3")
EARLY = "host-5"
"""It comes back between the first approval and the last."""
EXPLAINED = 30.0
"""Seconds for an answer; 4 to 10 were measured, on hosts that were powered off, unplugged or had no engine."""


@pytest.fixture(scope="module")
def operators_approve_deployment(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A bot whose operators may approve a recovery: it needs two approvals, and there are only two administrators."""
    rules = {**PEOPLE["rules"], "approvals": {"recover": {"by": ["admins", "operators"]}, "join manager": {"count": 0}}}
    config = {**fleet.config(), "people": PEOPLE["people"], "rules": rules}
    with Deployment(fleet, tmp_path_factory.mktemp("recovering"), config=config) as deployment:
        yield deployment


def test_a_lost_quorum_is_explained_and_recovered(operators_approve_deployment: Deployment) -> None:
    """Status reports it within seconds; after two approvals services and tasks are there, and the managers rejoin."""
    scenario, approvals = Scenario(operators_approve_deployment), ApprovalScenario(operators_approve_deployment)
    tasks = _lose(scenario, managers=("host-1", *OFF))
    told = scenario.await_status("has no leader")
    for words in (
        "prod has no quorum",
        "1 of 3 managers reachable, 2 needed",
        "either is enough",
        "`/swarm recover --gone ",
    ):
        assert words in told
    checked = scenario.ask("eve", "check host-1")  # which may hang while there is no leader
    assert "Whether `host-1` is fit for prod is unknown" in checked
    assert "leave" not in checked, "what was not read is no other cluster"
    _await_recipe(scenario, "/swarm recover host-1 --gone host-2 --gone host-3")
    _recover(scenario, approvals, "recover prod from `host-1`")
    assert scenario.nodes()["host-1"] == "Ready Active Leader"
    _rejoin(scenario, tasks, "3 managers, tolerates 1 failure")


@pytest.mark.long
def test_a_lost_manager_that_returns_voids_the_recovery(operators_approve_deployment: Deployment) -> None:
    """It returns between the approvals: nothing is done. The next request lets it leave and join again."""
    scenario, approvals = Scenario(operators_approve_deployment), ApprovalScenario(operators_approve_deployment)
    tasks = _lose(scenario, managers=("host-1", *OFF, EARLY))
    scenario.await_status("has no leader")
    _await_recipe(scenario, "/swarm recover host-1 --gone host-2 --gone host-3 --gone host-5")
    assert "`host-2`, `host-3` and `host-5` may come back" in scenario.ask("cleo", "init host-1 --force-new-cluster")
    _is_void_when_a_manager_returns(scenario, approvals)
    _recover(scenario, approvals, f"making `{EARLY}` leave")
    managers = [
        f"{name} {standing}" for name, standing in scenario.nodes().items() if standing.startswith("Ready Active ")
    ]
    assert sorted(managers) == ["host-1 Ready Active Leader", f"{EARLY} Ready Active Reachable"]
    _rejoin(scenario, tasks, "4 managers, tolerates 1 failure")


def _lose(scenario: Scenario, *, managers: tuple[str, ...]) -> str:
    """Form a cluster, power off all managers but the first, and return the worker's tasks. Status answers in time."""
    scenario.reset()
    scenario.cluster(managers=managers, workers=("host-4",), ingress=True)
    fleet = scenario.fleet
    fleet["host-1"].docker("service", "create", "--name", "web", "--mode", "global", TASK_IMAGE, timeout=60)
    tasks = scenario.containers("host-4")
    for name in managers[1:]:
        fleet[name].power_off()
    began = monotonic()
    told = scenario.ask("eve", "status")
    assert monotonic() - began < EXPLAINED
    assert "prod is healthy" not in told
    return tasks


def _await_recipe(scenario: Scenario, recipe: str) -> None:
    until(
        lambda: recipe in _never_restoring(scenario.ask("cleo", "recover")),
        "the engine knows of the loss, and `recover` asks",
        timeout=60,
        max_interval_s=QUESTION_INTERVAL_S,
    )


def _recover(scenario: Scenario, approvals: ApprovalScenario, planned: str) -> None:
    """Approve a recovery as two people, and wait until it has succeeded."""
    job = approvals.asks("cleo", "recover --gone host-2 --gone host-3")
    for shown in (planned, "treated as permanently lost", "Needs 2 approvals from"):
        assert shown in approvals.card(job).shown
    told = scenario.ask("eve", "status")
    assert f"Next: approve or deny `{job}`: `/swarm approvals {job}`" in told
    assert "waits for approval, 0 of 2" in told
    assert "permanently lost: " not in told, "no other recovery beside the one that waits"
    assert "1 of 2" in approvals.press("ada", job, "Approve")
    assert "then it runs" in approvals.press("dan", job, "Approve")
    approvals.ends(job, "succeeded")


def _rejoin(scenario: Scenario, tasks: str, standing: str) -> None:
    """The tasks ran on; the lost managers are taken in when they are powered on."""
    fleet = scenario.fleet
    assert "web" in fleet["host-1"].docker("service", "ls", "--format", "{{.Name}}")
    assert scenario.containers("host-4") == tasks, "no task of a worker was stopped"
    until(lambda: bool(scenario.containers("host-1")), "the task of the forced manager is started again", timeout=60)
    assert "is a former manager" in scenario.await_status("is a former manager")
    assert "there is nothing to recover" in scenario.ask("cleo", "recover --gone host-2")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: fleet[name].power_on(timeout=150), OFF))
    assert "prod is healthy" in scenario.await_status(standing, timeout=150)


def _never_restoring(told: str) -> str:
    assert "/swarm restore" not in told, "a manager answers over SSH"
    return told


def _is_void_when_a_manager_returns(scenario: Scenario, approvals: ApprovalScenario) -> None:
    """Request it with one approval; a manager returns; the second approval does nothing, and the card says why."""
    job = approvals.asks("cleo", f"recover --gone host-2 --gone host-3 --gone {EARLY}")
    assert "prod becomes two clusters" in approvals.card(job).shown
    assert "1 of 2" in approvals.press("ada", job, "Approve")
    scenario.fleet[EARLY].power_on(timeout=150)
    assert scenario.membership(EARLY) == "pending", "a manager that finds no quorum"
    assert "is a manager, and no manager of prod with a quorum can be read" in scenario.ask(
        "cleo", f"leave {EARLY} --force"
    )
    approvals.press("dan", job, "Approve")
    assert approvals.ends(job, "cancelled").state == "void"
    for words in (f"`{EARLY}` responds and is not lost", "Nothing was changed", "[Request again]"):
        assert words in approvals.card(job).shown
    after = scenario.now
    scenario.slack.click("cleo", approvals.card(job), "Request again")
    assert "Run the command again without `--gone" in scenario.answer("cleo", after).text
