"""What is seen of a node that is drained, demoted, leaves and is removed: when each has ended, and what is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import Failed, Refused
from bot.model import Engines, Facts, TaskFacts
from bot.swarm.operations import Demote, Drain, Leave, RemoveNode
from tests.kits.simulated_cluster import Simulated
from tests.plans.description import Description

DRAIN = Drain("id-host-2", "host-2", "prod")
DEMOTE = Demote("id-host-2", "host-2", "prod", "host-2")
LEAVE = Leave("host-2", "prod", "id-host-2")
REMOVE = RemoveNode("id-host-2", "host-2", "prod")
GONE: dict[str, Any] = {}
NOBODY: Engines = Simulated(0, managers=0)


def facts(host_2: dict[str, Any], **more: Any) -> Facts:
    """host-1 leads, host-2 is as described."""
    return Description.model_validate({"hosts": {"host-1": {"is": "leader"}, "host-2": host_2}, **more}).facts()


def node(role: str = "worker", *, host: dict[str, Any] | None = None, **record: Any) -> dict[str, Any]:
    """A host that is a node with such a record."""
    return {"is": role, "record": record, **(host or {})}


def with_tasks(seen: Facts, *tasks: TaskFacts) -> Facts:
    """The facts with these tasks too."""
    assert seen.swarm is not None
    return replace(seen, swarm=replace(seen.swarm, task_list=(*seen.swarm.task_list, *tasks)))


@pytest.mark.parametrize(
    ("host_2", "ended"),
    [
        (node("manager"), False),
        (node("worker"), True),
        (node("worker", host={"failure": "no route"}), True),
        (GONE, True),
    ],
)
def test_a_demotion_has_ended_when_raft_has_no_such_member(host_2: dict[str, Any], ended: bool) -> None:  # noqa: FBT001
    """A node that is no more is no manager either, so a plan that goes on after a crash does not stop there."""
    assert DEMOTE.satisfied(facts(host_2)) is ended


def test_a_demoted_engine_must_know_it() -> None:
    """Until then it takes no polite leave; meanwhile that is what is waited for."""
    seen = facts(node("worker"))
    manages = replace(seen, hosts={**seen.hosts, "host-2": replace(seen.hosts["host-2"], is_manager=True)})
    assert not DEMOTE.satisfied(manages)
    assert DEMOTE.progress(manages) == "its engine still sees itself as a manager"
    assert replace(DEMOTE, host="").satisfied(manages), "where it cannot be asked it is not waited for"
    assert DEMOTE.seen(seen) == "`host-2` is a worker and not a member of Raft; `host-1` is the leader of prod"


@pytest.mark.parametrize("operation", [DEMOTE, DRAIN, REMOVE])
def test_nothing_has_ended_while_nobody_can_tell(operation: Demote | Drain | RemoveNode) -> None:
    """Without a manager to be read there is no telling, and nothing to be changed."""
    unread = facts(node("worker"), readable=False)
    assert not operation.satisfied(unread)
    with pytest.raises(Failed, match="No manager of prod"):
        operation.apply(NOBODY, unread)


@pytest.mark.parametrize(
    ("host_2", "ended"),
    [
        (node("worker"), False),
        (node("worker", host={"membership": "inactive"}), False),
        (node("worker", host={"membership": "inactive"}, state="down"), True),
        (node("worker", host={"failure": "lost"}, state="down"), False),
        (GONE, True),
    ],
)
def test_a_host_has_left_when_it_says_so_and_is_seen_down(host_2: dict[str, Any], ended: bool) -> None:  # noqa: FBT001
    """Both: a host that cannot be asked may be in still."""
    assert LEAVE.satisfied(facts(host_2)) is ended


def test_a_leave_is_not_ordered_twice_nor_of_another_membership() -> None:
    """Neither of a host that is only not seen down yet, nor of one that has joined anew since: no engine is asked."""
    LEAVE.apply(NOBODY, facts(node("worker", host={"membership": "inactive"})))
    anew = facts(node("worker", id="id-anew"))
    LEAVE.apply(NOBODY, anew)
    assert LEAVE.satisfied(anew)


def test_a_leave_that_nobody_sees_is_the_host_s_word_alone() -> None:
    """The last manager's, and that of a host whose managers are gone."""
    left = facts({"membership": "inactive"}, readable=False)
    assert replace(LEAVE, unseen=True).satisfied(left)
    assert Leave("host-2", "prod", force=True).satisfied(left)
    assert not LEAVE.satisfied(left)


def task(state: str, *, on: str = "id-host-2", wanted: bool = True, error: str = "") -> TaskFacts:
    """A task of the service web."""
    return TaskFacts("id-web", on, state, wanted, error)


def test_a_drain_waits_for_what_stops_and_for_the_scheduler() -> None:
    """Tasks that are to stop and run still count; those without a node until it is said why."""
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


def test_a_drain_does_not_mind_what_was_never_here() -> None:
    """A service that waits for a node elsewhere is not the drain's matter."""
    seen = with_tasks(facts(node(availability="drain")), TaskFacts("id-other", "", "pending", wanted=True))
    assert DRAIN.satisfied(seen)


def test_a_drain_is_as_patient_as_the_slowest_task_may_be() -> None:
    """The grace of the services that run there, beside its own patience."""
    seen = facts(node(), tasks={"web": {"id-host-2": 1}, "db": {"id-host-1": 1}})
    assert seen.swarm is not None
    slow = {"id-web": 120.0, "id-db": 900.0}
    services = tuple(replace(service, stop_grace=slow[service.id]) for service in seen.swarm.services)
    slowly = replace(seen, swarm=replace(seen.swarm, services=services))
    assert DRAIN.timeout(slowly) == Drain.timeout_s + 120.0
    assert DRAIN.timeout(facts(node())) == Drain.timeout_s


def test_a_drained_node_that_is_down_is_told() -> None:
    """There is nothing to wait for, and the end does not claim that nothing runs there."""
    seen = with_tasks(facts(node(availability="drain", state="down")), task("running", wanted=False))
    assert DRAIN.satisfied(seen)
    assert DRAIN.seen(seen) == "`host-2` is drained and down: it stops its tasks when it is back"


def test_no_member_of_raft_is_made_to_leave() -> None:
    """A promotion may arrive after the plan was made; and nobody knows where the cluster cannot be read."""
    with pytest.raises(Refused, match="`host-2` was promoted to manager after this was planned") as refused:
        LEAVE.apply(NOBODY, facts(node("manager")))
    assert refused.value.next_step == "`/swarm leave host-2` demotes it first."
    with pytest.raises(Failed, match="No manager of prod with a quorum could be read"):
        LEAVE.apply(NOBODY, facts(node("worker"), readable=False))


@pytest.mark.parametrize("membership", ["active", "pending"])
def test_only_a_pending_join_is_given_up(membership: str) -> None:
    """A manager's may come through after the plan was made, and one that starts without a quorum is pending again."""
    arrived = facts(node("manager", host={"membership": membership}), readable=False)
    with pytest.raises(Refused, match="the pending join of `host-2` has completed"):
        Leave("host-2", "prod", force=True).apply(NOBODY, arrived)
    with pytest.raises(Failed, match="no route"):
        Leave("host-2", "prod", force=True).apply(NOBODY, facts({"failure": "no route"}))
