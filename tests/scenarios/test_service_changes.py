"""`/swarm scale`, `update`, `restart`, `rollback`, `resume` and `remove` of services on real engines."""

from __future__ import annotations

import json

import pytest

from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario
from tests.kits.secret_search import stored
from tests.kits.service_scenario import (
    EXITING_IMAGE,
    NODES,
    SECOND_IMAGE,
    create,
    create_service,
    have_variants,
    inspect,
    running,
    wanted,
)


@pytest.fixture
def cluster(cluster: Scenario) -> Scenario:
    """The cluster, with the test images on each host."""
    have_variants(cluster[name] for name in NODES)
    return cluster


def test_scale_up_down_and_to_nothing(cluster: Scenario) -> None:
    """Only the number of replicas changes, and it is done when the engine runs this many."""
    create(cluster, "web")
    before = inspect(cluster, "web")["Spec"]
    card = cluster.change("ada", "scale web=4")
    assert card.text.startswith("✓ *`web` is scaled*"), card.text
    assert "replicas 2 → 4; no task restarts" in card.text.replace("`", "")
    assert len(running(cluster, "web")) == 4
    assert cluster.change("ada", "scale web=1").text.startswith("✓ *`web` is scaled*")
    assert len(running(cluster, "web")) == 1
    after = inspect(cluster, "web")["Spec"]
    assert after == {**before, "Mode": {"Replicated": {"Replicas": 1}}}
    version = inspect(cluster, "web")["Version"]
    assert cluster.ask("ada", "scale web=1").startswith("✓ *No change needed*: `web` has 1 replica")
    assert inspect(cluster, "web")["Version"] == version
    assert cluster.confirmed("ada", "scale web=0", "`web` stops: 1 task running now").text.startswith("✓")
    assert running(cluster, "web") == []


def test_update_of_the_environment_keeps_every_other_field(cluster: Scenario) -> None:
    """The spec is byte for byte the one before, except for the variable; a secret is refused and stored nowhere."""
    create(cluster, "web", "--env", "KEPT=1", "--label", "a=b", "--placement-pref", "spread=node.labels.zone")
    before = inspect(cluster, "web")["Spec"]
    refused = cluster.ask("ada", "update web --env DB_PASSWORD=hunter2")
    assert "looks like a secret" in refused
    assert "hunter2" not in refused
    assert not [text for text in stored(cluster) if "hunter2" in text]
    card = cluster.change("ada", "update web --env LOG_LEVEL=debug")
    assert card.text.startswith("✓ *`web` is updated*"), card.text
    assert "environment variable LOG_LEVEL debug added; all 2 tasks restart" in card.text.replace("`", "")
    after = inspect(cluster, "web")["Spec"]
    assert after["TaskTemplate"]["ContainerSpec"].pop("Env") == ["KEPT=1", "LOG_LEVEL=debug"]
    assert before["TaskTemplate"]["ContainerSpec"].pop("Env") == ["KEPT=1"]
    assert json.dumps(after, sort_keys=True) == json.dumps(before, sort_keys=True)
    label = cluster.change("ada", "update web --label tier=1")
    assert "no task restarts" in label.text
    assert inspect(cluster, "web")["Spec"]["Labels"] == {"a": "b", "tier": "1"}


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("rollback", "Docker rolled the update back because tasks failed."),
        ("pause", "Docker paused the update because tasks failed."),
        pytest.param("continue", "Tasks fail again and again", marks=pytest.mark.long),
    ],
)
def test_an_image_whose_tasks_exit(cluster: Scenario, action: str, told: str) -> None:
    """It is a failure even if Docker calls it completed.

    The card shows the exit code and what runs now, also if it is repeated.
    """
    create(cluster, "web", "--update-failure-action", action, "--restart-delay", "1s")
    card = cluster.change("ada", f"update web --image {EXITING_IMAGE}")
    assert card.text.startswith("✗ *The update of `web` in prod failed*"), card.text
    assert told in card.text, card.text
    assert "failed with exit code 3" in card.text
    now = inspect(cluster, "web")["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]
    if action == "rollback":
        assert now == TASK_IMAGE
        assert running(cluster, "web") == [TASK_IMAGE] * 2
        assert "does not have the new spec; 2 of 2 tasks running" in card.text
        return
    assert now == EXITING_IMAGE
    assert "/swarm rollback web" in card.text
    if action == "pause":
        again = cluster.change("ada", f"update web --image {EXITING_IMAGE}")
        assert again.text.startswith("✗ *The update of `web` in prod failed*"), "the spec is as asked for"
        assert told in again.text, again.text
    back = cluster.change("ada", "rollback web")
    assert back.text.startswith("✓ *`web` is rolled back*"), back.text
    assert running(cluster, "web") == [TASK_IMAGE] * 2


def test_an_image_that_no_node_has(cluster: Scenario) -> None:
    """The task is rejected, which is reported in the engine's words."""
    create(cluster, "web", "--update-failure-action", "pause")
    unknown = "No active node was seen to have the image"
    assert unknown not in cluster.ask("ada", f"update web --image {SECOND_IMAGE} --plan")
    asked = cluster.ask("ada", "update web --image swarmbot/task:none --plan")
    assert unknown in asked, asked
    card = cluster.change("ada", "update web --image swarmbot/task:missing")
    assert card.text.startswith("✗ *The update of `web` in prod failed*"), card.text
    assert "No such image: swarmbot/task:missing" in card.text


def test_a_constraint_that_no_node_meets(cluster: Scenario) -> None:
    """The requester confirms the cost, and the pending tasks are shown with the scheduler's reason."""
    create(cluster, "web", "--update-failure-action", "rollback")
    card = cluster.confirmed("ada", "update web --constraint node.labels.zone==c", "cannot run on any active node")
    assert card.text.startswith("✗ *The update of `web` in prod failed*"), card.text
    assert "pending (no suitable node (scheduling constraints not satisfied on 3 nodes))" in card.text
    back = cluster.change("ada", "update web --constraint-rm node.labels.zone==c")
    assert back.text.startswith("✓ *`web` is updated*"), back.text
    assert len(running(cluster, "web")) == 2


def test_restart_rollback_and_remove(cluster: Scenario) -> None:
    """A restart replaces every task; a rollback returns to the spec before; a removed service leaves no task."""
    create(cluster, "web")
    first = wanted(cluster, "web")
    assert cluster.change("ada", "restart web").text.startswith("✓ *`web` is restarted*")
    second = wanted(cluster, "web")
    assert not first & second
    assert cluster.change("ada", f"update web --image {SECOND_IMAGE}").text.startswith("✓ *`web` is updated*")
    assert running(cluster, "web") == [SECOND_IMAGE] * 2
    plan = cluster.ask("ada", "rollback web --plan")
    assert f"image `{SECOND_IMAGE}` → `{TASK_IMAGE}`" in plan
    assert cluster.change("ada", "rollback web").text.startswith("✓ *`web` is rolled back*")
    assert running(cluster, "web") == [TASK_IMAGE] * 2
    card = cluster.confirmed("ada", "remove web", "`web` stops with 2 running tasks")
    assert card.text.startswith("✓ *`web` is removed*"), card.text
    assert cluster["host-1"].docker("service", "ls", "-q") == ""
    assert all(cluster.containers(name) == "" for name in NODES)
    assert cluster.nodes().keys() == set(NODES)


@pytest.mark.long
def test_a_paused_update_is_resumed(cluster: Scenario) -> None:
    """Docker paused it for a missing image. Once the hosts have the image, it continues to the end."""
    create(cluster, "web", "--update-failure-action", "pause")
    late = "swarmbot/task:late"
    assert "Docker paused the update" in cluster.change("ada", f"update web --image {late}").text
    for name in NODES:
        cluster[name].docker("tag", TASK_IMAGE, late)
    card = cluster.confirmed("ada", "resume web", "Docker paused it because tasks failed")
    assert card.text.startswith("✓ *`web` is updated*"), card.text
    assert running(cluster, "web") == [late] * 2


def test_two_people_update_at_once(cluster: Scenario) -> None:
    """Neither change is lost, nor one that is made by hand meanwhile."""
    create(cluster, "web")
    one = cluster.begin("ada", "update web --env A=1")
    other = cluster.begin("ben", "update web --env B=2")
    cluster["host-1"].docker("service", "update", "--detach", "--label-add", "by=hand", "web")
    assert cluster.end(one).text.startswith("✓")
    assert cluster.end(other).text.startswith("✓")
    spec = inspect(cluster, "web")["Spec"]
    assert spec["TaskTemplate"]["ContainerSpec"]["Env"] == ["A=1", "B=2"]
    assert spec["Labels"] == {"by": "hand"}


@pytest.mark.long
def test_back_to_the_last_good_spec_after_two_updates(cluster: Scenario) -> None:
    """Docker returns only to the broken spec without the label; Swarmbot kept the one whose tasks ran."""
    create(cluster, "web", "--update-failure-action", "pause")
    assert cluster.change("ada", "update web --env GOOD=1").text.startswith("✓")
    before = inspect(cluster, "web")["Spec"]
    assert cluster.change("ada", f"update web --image {EXITING_IMAGE}").text.startswith("✗")
    labelled = cluster.change("ada", "update web --label tier=1")
    assert "Docker paused the last update of web: after any change it goes on with it" in labelled.text.replace("`", "")
    until(lambda: TASK_IMAGE not in running(cluster, "web"), "Docker goes on with the paused update")
    plan = cluster.ask("ada", "rollback web --plan")
    assert "label tier `1` removed; no task restarts" in plan
    assert "`/swarm rollback web --last-good` returns to it" in plan
    card = cluster.change("ada", "rollback web --last-good")
    assert card.text.startswith("✓ *`web` is rolled back*"), card.text
    assert inspect(cluster, "web")["Spec"] == before
    assert running(cluster, "web") == [TASK_IMAGE] * 2


@pytest.mark.long
def test_a_global_service(cluster: Scenario) -> None:
    """It is done when every active node runs a task of the new spec; a crash loop, which is 0/0 for Docker, failed."""
    options = ("--mode", "global", "--update-failure-action", "continue", "--restart-delay", "1s")
    create(cluster, "agent", *options, replicas=3)
    assert cluster.change("ada", "pause host-3").text.startswith("✓")
    card = cluster.change("ada", f"update agent --image {SECOND_IMAGE}")
    assert card.text.startswith("✓ *`agent` is updated*"), card.text
    assert running(cluster, "agent") == [TASK_IMAGE, SECOND_IMAGE, SECOND_IMAGE]
    assert cluster.change("ada", "activate host-3").text.startswith("✓")
    failed = cluster.change("ada", f"update agent --image {EXITING_IMAGE}")
    assert failed.text.startswith("✗ *The update of `agent` in prod failed*"), failed.text
    assert "Tasks fail again and again" in failed.text
    assert "failed with exit code 3" in failed.text


def test_a_job_is_run_again(cluster: Scenario) -> None:
    """Its tasks complete. For a failed run the exit code is shown: its counts are those of one that waits."""
    once = ("--mode", "replicated-job", "--replicas", "2", "--restart-condition", "none")
    create_service(cluster, "migrate", *once, command=("sh", "-c", "sleep 1"))
    create_service(cluster, "broken", *once, command=("sh", "-c", "sleep 1; exit 3"))
    cluster.ask("eve", "status")
    card = cluster.change("ada", "run migrate")
    assert card.text.startswith("✓ *`migrate` is completed*"), card.text
    assert "the job migrate has completed: 2 of 2 tasks completed, 0 running" in card.text
    assert inspect(cluster, "migrate")["Spec"]["TaskTemplate"]["ForceUpdate"] == 1
    failed = cluster.change("ada", "run broken")
    assert failed.text.startswith("✗ *The run of `broken` in prod failed*"), failed.text
    assert "failed with exit code 3" in failed.text
    assert "`migrate` is a replicated job" in cluster.ask("ada", "scale migrate=3 --plan")


def test_a_new_job(cluster: Scenario) -> None:
    """It is created as typed, and the same order again runs it again; another spec of this name is refused."""
    typed = f"run once --image {TASK_IMAGE} --env MODE=full --replicas 2 --concurrent 1 --command \"sh -c 'sleep 1'\""
    card = cluster.change("ada", typed)
    assert card.text.startswith("✓ *`once` is completed*"), card.text
    assert "the job once has completed: 2 of 2 tasks completed, 0 running" in card.text
    spec = inspect(cluster, "once")["Spec"]
    assert spec["Mode"] == {"ReplicatedJob": {"MaxConcurrent": 1, "TotalCompletions": 2}}
    assert spec["TaskTemplate"]["ContainerSpec"]["Env"] == ["MODE=full"]
    assert cluster.change("ada", typed).text.startswith("✓ *`once` is completed*")
    assert inspect(cluster, "once")["Spec"]["TaskTemplate"]["ForceUpdate"] == 1
    refused = cluster.ask("ada", f"run once --image {TASK_IMAGE} --replicas 2")
    assert "there is a job `once` with another spec" in refused, refused
    failed = cluster.change("ada", f"run broken --image {TASK_IMAGE} --command \"sh -c 'sleep 1; exit 3'\"")
    assert failed.text.startswith("✗ *The run of `broken` in prod failed*"), failed.text
    assert "failed with exit code 3" in failed.text
