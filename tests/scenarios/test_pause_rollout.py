"""A rollout is paused, and a running update cancelled, on real engines: what is replaced, and both ways on."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario
from tests.kits.service_scenario import EXITING_IMAGE, NODES, SECOND_IMAGE, create, have_variants, inspect, running


@pytest.fixture
def cluster(cluster: Scenario) -> Scenario:
    """The cluster, with the test images on each host."""
    have_variants(cluster[name] for name in NODES)
    return cluster


def create_steady(cluster: Scenario, *options: str, replicas: int = 3) -> None:
    """Create web, and wait until its tasks have run for some seconds: then its spec is a good one."""
    create(cluster, "web", "--update-monitor", "1s", *options, replicas=replicas)
    form = ("--filter", "desired-state=running", "--format", "{{.CurrentState}}")
    new = re.compile(r"Running (less than a|1) second |Running [234] seconds ")
    until(
        lambda: not new.search(cluster["host-1"].docker("service", "ps", "web", *form)), "it has run for some seconds"
    )


def begin_by_hand(cluster: Scenario, image: str = SECOND_IMAGE) -> dict[str, Any]:
    """Update web without Swarmbot, wait until the first new task runs, and return the new spec."""
    cluster["host-1"].docker("service", "update", "--detach", "--no-resolve-image", "--image", image, "web")
    until(lambda: image in running(cluster, "web"), "the first task is replaced")
    spec: dict[str, Any] = inspect(cluster, "web")["Spec"]
    return spec


def replaced(cluster: Scenario) -> int:
    """Return how many tasks have ever been made from the new image and have had a container."""
    form = ("--no-trunc", "--format", "{{.Image}} {{.Node}}")
    lines = cluster["host-1"].docker("service", "ps", "web", *form).splitlines()
    return sum(line.split()[0] == SECOND_IMAGE for line in lines if len(line.split()) > 1)


def test_a_rollout_that_goes_on_is_paused_and_resumed(cluster: Scenario) -> None:
    """No further task is replaced, whatever sign lists show for it; then the spec is byte for byte as before."""
    create(cluster, "web", "--label", "a=b", replicas=4)
    spec = begin_by_hand(cluster)
    card = cluster.change("ada", "pause web")
    assert card.text.startswith("✓ *The rollout of `web` is paused*"), card.text
    began = replaced(cluster)
    assert began < 4
    assert f"{began} of 4 running tasks {'is' if began == 1 else 'are'} new" in card.text
    assert Counter(running(cluster, "web"))[SECOND_IMAGE] == began
    listed = cluster.ask("eve", "services")
    assert "1 paused by Swarmbot" in listed
    assert "`/swarm resume web` goes on" in listed
    told = cluster.ask("eve", "service web")
    assert f"Swarmbot paused its rollout*: {began} of 4 running tasks" in told.replace(" *Swarm", " Swarm")
    assert "unsupported platform" not in told
    assert "Swarmbot paused its rollout" in cluster.ask("ada", "why web")
    assert "waits until the paused rollout goes on" in cluster.ask("eve", "ps web")
    assert "Swarmbot paused the rollout of `web`" in cluster.ask("eve", "status")
    assert "the rollout of `web` is paused" in cluster.ask("ada", "pause web")
    assert "no move spreads" in cluster.ask("ada", "rebalance web"), "the pause is not taken back by a rebalance"
    asked = cluster.ask("ada", "scale web=5 --plan")
    assert f"after any change Docker goes on with it and replaces {4 - began} of 4 tasks" in asked
    assert replaced(cluster) == began
    card = cluster.change("ada", "resume web")
    assert card.text.startswith("✓ *`web` is updated*"), card.text
    assert inspect(cluster, "web")["Spec"] == spec
    assert running(cluster, "web") == [SECOND_IMAGE] * 4
    assert "no rollout of `web` is in progress" in cluster.ask("ada", "pause web")


@pytest.mark.long
def test_back_from_a_rollout_that_somebody_began_by_hand(cluster: Scenario) -> None:
    """Docker's only other spec is lost by the pause; Swarmbot kept it, as its tasks were seen to run."""
    create_steady(cluster, "--update-delay", "5s")
    before = inspect(cluster, "web")["Spec"]
    begin_by_hand(cluster)
    assert cluster.change("ada", "pause web").text.startswith("✓")
    assert "`/swarm resume web` goes on" in cluster.ask("ada", "rollback web")
    card = cluster.change("ada", "rollback web --last-good")
    assert card.text.startswith("✓ *`web` is rolled back*"), card.text
    assert inspect(cluster, "web")["Spec"] == before
    assert running(cluster, "web") == [TASK_IMAGE] * 3


@pytest.mark.parametrize("way", ["resume", pytest.param("rollback --last-good", marks=pytest.mark.long)])
@pytest.mark.parametrize("order", ["update --image", pytest.param("restart", marks=pytest.mark.long)])
def test_a_cancelled_update_stops_docker(cluster: Scenario, order: str, way: str) -> None:
    """Both orders that the card offers work as they stand."""
    create_steady(cluster)
    tasks = {*running(cluster, "web", "ID")}
    words = f"update web --image {SECOND_IMAGE}" if order != "restart" else "restart web"
    job = cluster.begin("ada", words)
    until(lambda: bool({*running(cluster, "web", "ID")} - tasks), "the first task is replaced")
    assert f"`/swarm cancel {job}`" in cluster.ask("ben", "pause web")
    cluster.slack.slash("ben", "prod", f"cancel {job}")
    card = cluster.end(job)
    assert card.text.startswith("· *Cancelled: "), card.text
    assert "the rollout was paused, " in card.text, card.text
    assert " of 3 running tasks " in card.text, card.text
    first, _, rest = way.partition(" ")
    typed = f"{first} web {rest}".strip()
    assert f"/swarm {typed}" in card.text, card.text
    kept = {*running(cluster, "web", "ID")} & tasks
    assert kept, "Docker went on"
    end = cluster.change("ada", typed)
    assert end.text.startswith("✓"), end.text
    assert "swarmbot.temporary" not in inspect(cluster, "web")["Spec"]["Labels"]
    goes_on = way == "resume"
    assert running(cluster, "web") == [SECOND_IMAGE if goes_on and order != "restart" else TASK_IMAGE] * 3
    assert bool({*running(cluster, "web", "ID")} & tasks) is not goes_on


@pytest.mark.long
@pytest.mark.parametrize(("way", "image"), [("resume web", TASK_IMAGE), ("rollback web --last-good", SECOND_IMAGE)])
def test_a_cancelled_rollback_stops_docker(cluster: Scenario, way: str, image: str) -> None:
    """To continue is to roll back; to go back is to undo the rollback: the update before it was seen to run."""
    create_steady(cluster)
    assert cluster.change("ada", f"update web --image {SECOND_IMAGE}").text.startswith("✓")
    job = cluster.begin("ada", "rollback web")
    until(lambda: TASK_IMAGE in running(cluster, "web"), "the first task is rolled back")
    cluster.slack.slash("ben", "prod", f"cancel {job}")
    card = cluster.end(job)
    assert "the rollout was paused, " in card.text, card.text
    assert f"/swarm {way}" in card.text, card.text
    assert SECOND_IMAGE in running(cluster, "web")
    assert cluster.change("ada", way).text.startswith("✓")
    assert running(cluster, "web") == [image] * 3
    assert "swarmbot.temporary" not in inspect(cluster, "web")["Spec"]["Labels"]


@pytest.mark.long
def test_a_resumed_rollout_whose_tasks_fail(cluster: Scenario) -> None:
    """Failure action rollback returns to the pause, because Docker has no other spec: the old tasks continue to run."""
    create_steady(cluster, "--update-failure-action", "rollback", "--update-delay", "3s", "--update-monitor", "4s")
    begin_by_hand(cluster, EXITING_IMAGE)
    assert cluster.change("ada", "pause web").text.startswith("✓")
    card = cluster.change("ada", "resume web --yes")  # it asks only if a task failed before the pause
    assert card.text.startswith("✗ *The update of `web` in prod failed*"), card.text
    assert "its rollout is paused as before" in card.text, card.text
    assert TASK_IMAGE in running(cluster, "web")
    assert cluster.change("ada", "rollback web --last-good").text.startswith("✓")
    assert running(cluster, "web") == [TASK_IMAGE] * 3
