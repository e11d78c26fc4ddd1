"""How a rollout is judged, by the services and tasks that engines were seen to have.

Source: docs/swarm-behaviour.md#updates-of-services.
"""

from __future__ import annotations

from typing import Any

import pytest

from bot.swarm.services.rollout.rollout import Rollout, rollout
from bot.swarm.services.rollout.rollout_time import rollout_timeout_s
from tests.plans.description import Description
from tests.plans.parts import NOW

SECOND = 1_000_000_000
MINUTE = 60.0


def judged(service: dict[str, Any], *tasks: dict[str, Any], **more: Any) -> Rollout:
    """Return the rollout of a service with these tasks, on three nodes. Tasks run on host-2 and are old."""
    hosts = {"host-1": {"is": "leader"}, "host-2": {"is": "worker"}, "host-3": {"is": "worker"}}
    listed = [{"service": "web", "node": "id-host-2", "state": "running", "minutes": 30, **task} for task in tasks]
    described = {"hosts": hosts | more.pop("hosts", {}), "services": {"web": {"replicas": 2, **service}}, **more}
    facts = Description.model_validate({**described, "task_list": listed}).facts()
    assert facts.swarm is not None
    return rollout(facts.swarm, facts.swarm.services[0], NOW)


def seconds(ago: float) -> float:
    """Return the minutes of a description for this many seconds."""
    return ago / MINUTE


NEW = {"update": {"state": "updating", "minutes": 1}, "minutes": 1}
OLD = {"image": "nginx:1.24"}
EXITED = {"state": "failed", "wanted": False, "exit_code": 3, "error": "task: non-zero exit (3)"}


@pytest.mark.parametrize(
    ("service", "tasks", "stable"),
    [
        ({}, [{}, {}], True),
        ({}, [{}], False),
        ({}, [{}, {}, {}], False),
        ({}, [{}, {"minutes": seconds(4)}], False),
        ({}, [{}, {"minutes": seconds(6)}], True),
        ({"spec": {"UpdateConfig": {"Monitor": 20 * SECOND}}}, [{}, {"minutes": seconds(6)}], False),
        ({}, [{}, OLD], False),
        ({}, [{}, {}, {"wanted": False}], False),
        (NEW, [{}, {}], False),
        ({"update": {"state": "completed"}}, [OLD, OLD], False),
        ({"minutes": seconds(0.2)}, [{}, {}], False),
        ({"constraints": ["node.hostname==host-2"]}, [{}, {"node": "id-host-3"}], False),
        ({"constraints": ["node.hostname==host-2"]}, [{}, {}], True),
        ({"replicas": 0}, [], True),
    ],
    ids=[
        *("all run", "one is missing", "one too many", "one is young", "one is old enough", "a longer monitor time"),
        *("one of the old spec", "one is stopping", "docker is not done", "completed without a new task"),
        *("just changed", "a node that no longer fits", "all on nodes that fit", "scaled to none"),
    ],
)
def test_stable_only_when_as_many_of_the_spec_as_wanted_have_run(
    service: dict[str, Any], tasks: list[dict[str, Any]], *, stable: bool
) -> None:
    """Neither Docker's status nor the number of running tasks alone is enough."""
    found = judged(service, *tasks)
    assert found.stable is stable
    assert found.verdict == ""


def test_a_global_service_wants_a_task_on_each_eligible_node() -> None:
    """Docker shows 0/0 of one in a crash loop. A paused node keeps its old task, a drained one has none."""
    everywhere = [{"node": f"id-host-{number}"} for number in (1, 2, 3)]
    assert judged({"mode": "global"}, *everywhere).stable
    assert judged({"mode": "global"}).wanted == 3
    assert not judged({"mode": "global"}).stable
    paused = {"host-3": {"is": "worker", "record": {"availability": "pause"}}}
    assert judged({"mode": "global"}, *everywhere[:2], {"node": "id-host-3", **OLD}, hosts=paused).stable
    assert judged({"mode": "global", "constraints": ["node.role==manager"]}).wanted == 1


def test_a_crash_loop_that_docker_calls_completed_has_failed() -> None:
    """Failure action continue: the status is completed, and no task runs for long."""
    loop = [{**EXITED, "slot": 1, "minutes": seconds(ago)} for ago in (20, 10)]
    waiting = {"state": "ready", "slot": 1, "node": "id-host-3", "minutes": seconds(1)}
    found = judged({"update": {"state": "completed", "minutes": 1}, "replicas": 1}, waiting, *loop)
    assert found.verdict == (
        "Tasks fail again and again: 2 tasks failed so far. "
        "The last one: `web.1` on `host-2` failed with exit code 3: task: non-zero exit (3)."
    )


def test_one_failure_may_be_followed_by_a_task_that_runs() -> None:
    """It is shown while it lasts, and is no verdict; failures from before this rollout are not counted."""
    young = {"slot": 1, "minutes": seconds(1)}
    since = {"update": {"state": "completed", "minutes": 1}, "minutes": 1, "replicas": 1}
    one = judged(since, young, {**EXITED, "slot": 1, "minutes": seconds(8)})
    assert one.verdict == ""
    assert one.progress.startswith("1 of 1 task running; `web.1` on `host-2` failed with exit code 3")
    before = [{**EXITED, "slot": 1, "minutes": ago} for ago in (20, 25, 28)]
    assert judged(since, young, *before).verdict == ""


def test_while_docker_decides_what_a_failure_means_there_is_no_verdict() -> None:
    """With failure action pause or rollback it ends the update; with continue it never does."""
    loop = [{**EXITED, "slot": 1, "minutes": seconds(ago)} for ago in (20, 10)]
    assert judged(NEW, {"slot": 2}, *loop).verdict == ""
    careless = {**NEW, "spec": {"UpdateConfig": {"FailureAction": "continue"}}}
    assert judged(careless, {"slot": 2}, *loop).verdict.startswith("Tasks fail again and again")
    paused = judged({**NEW, "update": {"state": "paused", "minutes": 1}}, {"slot": 2}, *loop)
    assert paused.verdict.startswith("Docker paused the update because tasks failed. The last one: `web.1`")


def test_a_pending_task_is_told_with_its_reason_after_seconds() -> None:
    """Docker waits for ever. The first moments have no reason, and a stopping task may make room."""
    reason = "no suitable node (insufficient resources on 3 nodes)"
    waiting = {"state": "pending", "node": "", "error": reason, "slot": 2}
    assert judged(NEW, {}, {**waiting, "minutes": seconds(2)}).verdict == ""
    assert judged(NEW, {}, {**waiting, "error": "", "minutes": seconds(20)}).verdict == ""
    found = judged(NEW, {}, {**waiting, "minutes": seconds(6)})
    assert found.verdict == f"No node takes all tasks: 1 task pending ({reason})."
    assert found.progress == f"1 of 2 tasks running; 1 pending: {reason}"
    stopping = {"wanted": False, "slot": 2}
    assert judged(NEW, {}, stopping, {**waiting, "minutes": seconds(6)}).verdict == ""
    assert judged(NEW, {}, stopping, {**waiting, "minutes": seconds(16)}).verdict != ""


def test_a_healthy_rollout_does_not_read_as_an_outage() -> None:
    """The tasks that it has not replaced yet run too, but not those on a node that is down."""
    assert judged({**NEW, "replicas": 3}, {}, OLD, OLD).progress == "1 of 3 tasks updated, 3 running"
    down = {"host-3": {"is": "worker", "record": {"state": "down"}}}
    found = judged({**NEW, "replicas": 3}, {}, OLD, {**OLD, "node": "id-host-3"}, hosts=down)
    assert found.progress == "1 of 3 tasks updated, 2 running"
    assert judged({**NEW, "replicas": 3}, {}, {}).progress == "2 of 3 tasks running"


def test_tasks_that_docker_does_not_restart_have_failed() -> None:
    """Restart condition none: the task ended, and no other follows it."""
    ended = {"state": "complete", "wanted": False, "exit_code": 0, "slot": 2, "minutes": seconds(5)}
    found = judged({"update": {"state": "completed", "minutes": 1}}, {"slot": 1}, ended)
    assert found.verdict == (
        "Docker does not restart tasks that ended. The last one: `web.2` on `host-2` ended with exit code 0."
    )


def test_the_timeout_grows_with_the_batches() -> None:
    """Ten replicas one by one take longer than two at once, by the times of the policy and the health check."""

    def timeout(replicas: int, **policy: Any) -> float:
        spec = {"UpdateConfig": policy} if policy else {}
        facts = Description.model_validate(
            {"hosts": {"host-1": {"is": "leader"}}, "services": {"web": {"replicas": replicas, "spec": spec}}}
        ).facts()
        assert facts.swarm is not None
        return rollout_timeout_s(facts.swarm.services[0])

    assert timeout(10) > timeout(10, Parallelism=5) > timeout(10, Parallelism=0)
    assert timeout(2, Parallelism=1, Delay=60 * SECOND) == timeout(2) + 120
