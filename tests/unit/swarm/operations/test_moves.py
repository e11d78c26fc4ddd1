"""How long a move is waited for, by the times that the service's spec gives or Docker takes; and what its steps say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.model import TaskFacts
from bot.swarm.operations import AddReplicas, RestoreSpec
from bot.swarm.operations.moves import START_TIMEOUT_S
from bot.swarm.services.spec.temporary_spec import with_more_replicas
from tests.plans.description import Description

SECOND = 1_000_000_000
ADD = AddReplicas("id-web", "web", 1, 1)


@pytest.mark.parametrize(
    ("check", "seconds"),
    [
        ({}, 0.0),
        ({"Test": ["NONE"], "Interval": 5 * SECOND, "Retries": 3}, 0.0),
        ({"Test": ["CMD", "x"]}, 90.0),
        ({"Test": ["CMD", "x"], "Interval": 5 * SECOND, "Timeout": 2 * SECOND, "Retries": 3}, 21.0),
        ({"Test": ["CMD", "x"], "StartPeriod": 10 * SECOND, "Interval": 5 * SECOND, "Retries": 2}, 20.0),
    ],
    ids=["none", "switched off", "Docker's defaults", "slow checks", "a start period"],
)
def test_a_new_task_has_the_time_of_its_health_check(check: dict[str, Any], seconds: float) -> None:
    """An unhealthy task has failed by then."""
    spec = {"TaskTemplate": {"ContainerSpec": {"Healthcheck": check}}}
    described = {"hosts": {"host-1": {"is": "leader"}}, "services": {"web": {"running": 1, "spec": spec}}}
    assert ADD.timeout(Description.model_validate(described).facts()) == START_TIMEOUT_S + seconds


def test_a_pending_task_is_judged_by_the_cluster_s_clock() -> None:
    """A worker whose clock is ahead does not give up a task that the scheduler has just seen."""
    spec = with_more_replicas({"Mode": {"Replicated": {"Replicas": 1}}}, 1)
    described = {"hosts": {"host-1": {"is": "leader"}}, "services": {"web": {"running": 1, "spec": spec}}}
    facts = Description.model_validate(described).facts()
    manager, began = facts.hosts["host-1"], facts.at
    assert facts.swarm
    stuck = TaskFacts("id-web", "", "pending", wanted=True, error="no suitable node", slot=2, since=began)
    ahead = replace(facts, at=began + 60, swarm=replace(facts.swarm, task_list=(stuck,)))
    told = [
        ADD.failed(replace(ahead, hosts={**facts.hosts, "host-1": replace(manager, system_time=began + seconds)}))
        for seconds in (1, 6)
    ]
    assert told == ["", "1 task of `web` cannot be placed: no suitable node."]


def test_what_a_rebalance_did_is_true_at_its_end() -> None:
    """The card keeps the line of the first step, when the service has as many tasks as before again."""
    tasks = [{"service": "web", "node": "id-host-1", "state": "running", "slot": slot} for slot in (1, 2)]
    described = {"hosts": {"host-1": {"is": "leader"}}, "services": {"web": {"replicas": 2}}, "task_list": tasks}
    facts = Description.model_validate(described).facts()
    assert ADD.seen(facts) == "1 more task of `web` was started"
    assert RestoreSpec("id-web", "web").seen(facts) == "`web` has its own spec again: 2 tasks running"
