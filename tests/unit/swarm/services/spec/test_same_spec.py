"""Which specs of a service mean the same. The examples are what CLIs sent and engines stored."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model import ServiceFacts, TaskFacts
from bot.swarm.services.spec.same_spec import made_from, normalised, same_spec

PORT = {"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "ingress"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Name": "web", "Labels": {}}, {"Name": "web", "Labels": None}),
        ({"Mode": {"Replicated": {}}}, {"Mode": {"Replicated": {"Replicas": 1}}}),
        ({}, {"EndpointSpec": {"Mode": "vip"}}),
        ({"EndpointSpec": {"Ports": [{"TargetPort": 80, "PublishedPort": 8080}]}}, {"EndpointSpec": {"Ports": [PORT]}}),
        ({"TaskTemplate": {"ForceUpdate": 0, "Runtime": "container"}}, {}),
        (
            {"TaskTemplate": {"Networks": [{"Target": "net-id"}]}},
            {"TaskTemplate": {"Networks": [{"Target": "shop_default"}]}},
        ),
        (
            {"UpdateConfig": {"Parallelism": 1, "FailureAction": "pause", "Order": "stop-first"}},
            {"UpdateConfig": {"Parallelism": 1, "Order": ""}},
        ),
        ({"RollbackConfig": {"FailureAction": "pause", "Order": "stop-first"}}, {"RollbackConfig": {"Order": ""}}),
        ({"TaskTemplate": {"RestartPolicy": {"Condition": "any"}}}, {"TaskTemplate": {"RestartPolicy": {}}}),
    ],
    ids=[
        "empty",
        "replica",
        "vip",
        "port defaults",
        "template defaults",
        "network id",
        "update",
        "rollback",
        "restart",
    ],
)
def test_specs_that_mean_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Absent, null and Docker's default are one."""
    assert same_spec(one, other, {"net-id": "shop_default"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Mode": {"Replicated": {"Replicas": 0}}}, {"Mode": {"Replicated": {}}}),
        ({"Mode": {"Global": {}}}, {}),
        ({"Mode": {"GlobalJob": {}}}, {"Mode": {"Global": {}}}),
        ({"UpdateConfig": {"Parallelism": 0}}, {}),
        ({"TaskTemplate": {"ContainerSpec": {"StopGracePeriod": 0}}}, {}),
        (
            {"TaskTemplate": {"ContainerSpec": {"Env": ["A=1", "B=2"]}}},
            {"TaskTemplate": {"ContainerSpec": {"Env": ["B=2", "A=1"]}}},
        ),
    ],
    ids=["no replica", "global", "job", "all at once", "no grace", "order"],
)
def test_specs_that_differ(one: dict[str, Any], other: dict[str, Any]) -> None:
    """An empty value that means something is kept, and so is the order of a list."""
    assert not same_spec(one, other)


def test_normalising_twice_changes_nothing() -> None:
    """And the spec itself stays as it was."""
    spec = {"Name": "web", "Mode": {"Replicated": {"Replicas": 1}}, "EndpointSpec": {"Ports": [PORT]}}
    once = normalised(spec)
    assert normalised(once) == once
    assert spec["Mode"] == {"Replicated": {"Replicas": 1}}


def test_a_task_is_of_its_spec_whatever_the_constraints_are() -> None:
    """A constraint that was added replaces only the tasks that no longer fit: the others keep the old placement."""
    container = {"Image": "web:1"}
    spec = {"TaskTemplate": {"ContainerSpec": container, "Placement": {"Constraints": ["node.id!=x"]}}}
    service = ServiceFacts("web", 1, 1, spec=spec)
    old = TaskFacts("id", "node", "running", wanted=True, spec={"ContainerSpec": container})
    other = TaskFacts("id", "node", "running", wanted=True, spec={"ContainerSpec": {"Image": "web:2"}})
    forced = TaskFacts("id", "node", "running", wanted=True, spec={"ContainerSpec": container, "ForceUpdate": 1})
    assert [made_from(task, service) for task in (old, other, forced)] == [True, False, False]
