"""Which tasks are shown, and what is advised. The words are in tests/plans/cases/why."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

import pytest

from bot.model import ClusterFacts, Facts, NodeDescription, NodeFacts, ServiceFacts, TaskFacts, UpdateStatus
from bot.swarm.reading.parse_services import CRASH_WINDOW_S
from bot.swarm.services.diagnosis.diagnosis import diagnose
from bot.swarm.services.diagnosis.remedies import remedies
from tests.kits.nodes import worker

NOW: Final = 10_000.0
MACHINE: Final = NodeDescription(nano_cpus=2_000_000_000, memory_bytes=2**31, os="linux", architecture="x86_64")


def node(number: int, **differing: Any) -> NodeFacts:
    """Return a worker of swarmbot.yml."""
    return worker(f"n{number}", f"host-{number}", **{"host": f"host-{number}", "description": MACHINE, **differing})


def task(state: str, **more: Any) -> TaskFacts:
    """Return a task in slot 1 of ``web``."""
    ended = state in {"failed", "rejected", "shutdown", "complete"}
    told = {"node": "n1", "slot": 1, "id": state, "wanted": not ended, "since": NOW - 5, "created": NOW - 9, **more}
    return TaskFacts("web-id", state=state, **told)


def facts_of(*tasks: TaskFacts, nodes: tuple[NodeFacts, ...] = (), **service: Any) -> tuple[Facts, ServiceFacts]:
    """Return facts with the service ``web``."""
    web = ServiceFacts("web", 0, 1, id="web-id", **service)
    swarm = ClusterFacts("c", "host-1", 1, MappingProxyType({}), nodes or (node(1),), (web,), task_list=tasks)
    return Facts("prod", NOW, {}, swarm), web


def failing(*tasks: TaskFacts) -> list[tuple[str, int, bool]]:
    """Return of each slot that fails the task that failed last, how many did, and whether it has a successor."""
    facts, service = facts_of(*tasks)
    assert facts.swarm
    return [(each.last.id, each.count, each.now is not None) for each in diagnose(facts, facts.swarm, service).failing]


OLD: Final = {"since": NOW - 2 * CRASH_WINDOW_S, "created": NOW - 3 * CRASH_WINDOW_S}


@pytest.mark.parametrize(
    ("tasks", "told"),
    [
        ((task("running"),), []),
        ((task("shutdown"), task("running")), []),
        ((task("failed", **OLD),), [("failed", 1, False)]),
        ((task("failed", **OLD), task("running")), []),
        ((task("failed", **OLD), task("starting")), [("failed", 1, True)]),
        ((task("failed"), task("running", created=NOW - 4)), [("failed", 1, True)]),
        ((task("failed", spec={"ForceUpdate": 1}), task("running")), []),
        ((task("rejected", **OLD), task("failed"), task("pending", created=NOW - 1)), [("failed", 2, True)]),
        ((task("failed", **OLD), task("shutdown", created=NOW - 50)), []),
        ((task("failed", slot=2), task("running")), [("failed", 1, False)]),
    ],
    ids=[
        "runs",
        "stopped on purpose",
        "not started again",
        "recovered long ago",
        "its successor does not run",
        "its successor has just started",
        "another spec runs now",
        "several",
        "replaced, then stopped on purpose",
        "another slot",
    ],
)
def test_failing(tasks: tuple[TaskFacts, ...], told: list[tuple[str, int, bool]]) -> None:
    """A slot is shown while it fails, and for some minutes after: a task may start and die again and again."""
    assert failing(*tasks) == told


def test_the_task_that_stopped_an_update() -> None:
    """Docker names it by its id; it may be forgotten already."""
    name = "a" * 25
    update = UpdateStatus("paused", f"update paused due to failure or early termination of task {name}")
    for found in (name, "b" * 25):
        facts, service = facts_of(task("failed", id=found), update=update)
        assert facts.swarm
        cause = diagnose(facts, facts.swarm, service).update_cause
        assert (cause.id if cause else "") == (name if found == name else "")


def advised(spec: dict[str, Any], *tasks: TaskFacts, nodes: tuple[NodeFacts, ...]) -> list[str]:
    """Return what is advised for a pending task of this spec."""
    mode = {"Mode": {"Replicated": {"Replicas": 3}}}
    pending = task("pending", node="", slot=9, error="no suitable node", spec=spec)
    facts, service = facts_of(*tasks, pending, nodes=nodes, spec={**mode, "TaskTemplate": spec})
    assert facts.swarm
    return remedies(facts.swarm, service, diagnose(facts, facts.swarm, service))


ZONE: Final = {"Placement": {"Constraints": ["node.labels.zone==b"]}}
BIG: Final = {"Resources": {"Reservations": {"NanoCPUs": 3_000_000_000, "MemoryBytes": 2**32}}}


def test_the_node_that_needs_the_least_comes_first() -> None:
    """All that one node needs is named together; nodes that commands cannot fix are not named."""
    away = node(3, state="down")
    found = advised(ZONE, nodes=(node(1, availability="drain"), node(2), away))
    assert found[0] == "`/swarm label host-2 zone=b` or `/swarm activate host-1` and `/swarm label host-1 zone=b`"
    assert found[1] == "`/swarm check host-3` shows why `host-3` is down"


def test_nothing_is_advised_while_a_node_takes_the_task() -> None:
    """The scheduler has not tried yet, or knows more than the facts."""
    assert advised({}, nodes=(node(1),)) == []
    assert advised(BIG, nodes=(node(1, description=None),)) == []


def test_a_service_is_made_smaller_only_as_far_as_needed() -> None:
    """What a node has left is what a task may reserve; as many tasks as run are what fits."""
    assert advised(BIG, nodes=(node(1),)) == [
        "require less: `/swarm update web --reserve-cpu 2 --reserve-memory 2048m`"
    ]
    most = {"Placement": {"MaxReplicas": 1}}
    assert advised(most, task("running"), nodes=(node(1),)) == ["run only as many tasks as fit: `/swarm scale web=1`"]
