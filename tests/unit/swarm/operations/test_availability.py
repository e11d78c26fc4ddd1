"""Drain: when it has succeeded, how long it waits, and what is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.errors import Failed
from bot.model import Facts, TaskFacts
from bot.swarm.operations import Drain
from tests.kits.two_hosts import facts, node

DRAIN = Drain("id-host-2", "host-2", "prod")


def with_tasks(seen: Facts, *tasks: TaskFacts) -> Facts:
    """Return the facts with these tasks added."""
    assert seen.swarm is not None
    return replace(seen, swarm=replace(seen.swarm, task_list=(*seen.swarm.task_list, *tasks)))


def task(state: str, *, on: str = "id-host-2", wanted: bool = True, error: str = "") -> TaskFacts:
    """Return a task of the service web."""
    return TaskFacts("id-web", on, state, wanted, error)


def test_drain_waits_for_tasks_to_stop_and_for_the_scheduler() -> None:
    """Stopping tasks count while they run; tasks without a node count until the scheduler gives a reason."""
    drained = facts(node(availability="drain"))
    stopping = with_tasks(drained, task("running", wanted=False), task("shutdown", wanted=False))
    assert not DRAIN.satisfied(stopping)
    assert DRAIN.progress(stopping) == "1 task left"
    unsaid = with_tasks(drained, task("shutdown", wanted=False), task("pending", on=""))
    assert not DRAIN.satisfied(unsaid)
    said = with_tasks(facts(node(availability="drain"), services={"web": [0, 2, ""]}), task("shutdown", wanted=False))
    said = with_tasks(said, *[task("pending", on="", error="no suitable node <1>")] * 2)
    assert DRAIN.satisfied(said)
    assert DRAIN.seen(said) == (
        "`host-2` is drained and runs no tasks; 2 tasks of `web` pending: no suitable node &lt;1&gt;"
    )


def test_drain_ignores_tasks_of_services_on_other_nodes() -> None:
    """A pending task of a service that had no task on this node does not delay the drain."""
    seen = with_tasks(facts(node(availability="drain")), TaskFacts("id-other", "", "pending", wanted=True))
    assert DRAIN.satisfied(seen)


@pytest.mark.parametrize(
    ("seen", "state", "next_step"),
    [
        (
            replace(facts(node()), swarm=None),
            "whether `host-2` is drained is unknown",
            "`/swarm status`, then press Retry.",
        ),
        (facts(node()), "`host-2` is not drained: its availability is active.", "`/swarm status`, then press Retry."),
        (
            facts(node(availability="drain")),
            "`host-2` is drained; no tasks are left on it.",
            "`/swarm node host-2` shows its tasks. `/swarm activate host-2` undoes the drain.",
        ),
    ],
    ids=["unreadable", "active", "drained"],
)
def test_a_failed_drain_says_whether_it_is_to_be_undone(seen: Facts, state: str, next_step: str) -> None:
    """A drain that the managers did not store is not undone, and one that cannot be read is unknown."""
    error = DRAIN.settle(cast("Any", {}), seen, Failed("raft: node lost leader status"))
    assert state in error.true_now
    assert error.next_step == next_step


def test_drain_timeout_includes_the_longest_grace_period() -> None:
    """Only services with tasks on the node count."""
    seen = facts(node(), tasks={"web": {"id-host-2": 1}, "db": {"id-host-1": 1}})
    assert seen.swarm is not None
    slow = {"id-web": 120.0, "id-db": 900.0}
    specs = {
        name: {"TaskTemplate": {"ContainerSpec": {"StopGracePeriod": grace * 1e9}}} for name, grace in slow.items()
    }
    services = tuple(replace(service, spec=specs[service.id]) for service in seen.swarm.services)
    slowly = replace(seen, swarm=replace(seen.swarm, services=services))
    assert DRAIN.timeout(slowly) == Drain.timeout_s + 120.0
    assert DRAIN.timeout(facts(node())) == Drain.timeout_s


def test_drain_of_a_node_that_is_down_succeeds_and_reports_that() -> None:
    """Nothing is waited for, and the result does not claim that no tasks are running."""
    seen = with_tasks(facts(node(availability="drain", state="down")), task("running", wanted=False))
    assert DRAIN.satisfied(seen)
    assert DRAIN.seen(seen) == "`host-2` is drained and down: it stops its tasks when it is back"
