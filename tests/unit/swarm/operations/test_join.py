"""Join: a failed join undoes its own changes and ends no other membership."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.errors import EngineError, Failed, Refused, SwarmbotError
from bot.model import Engine, Engines, Facts
from bot.swarm.operations import Init, Join
from tests.kits.simulated_cluster import Simulated
from tests.plans.description import Description

JOIN = Join("host-2", "worker", "prod", "prodid", "10.0.0.2", known=("id-before",))
NO_LEADER = "The swarm does not have a leader."
ELSEWHERE = {"membership": "active", "managers": ["10.0.9.1:2377"]}


class Leaving(Simulated):
    """Engines that can only leave a swarm."""

    def __init__(self, *nodes: dict[str, Any]) -> None:
        super().__init__(0, managers=0)
        self.left: list[str] = []
        self._nodes = nodes

    def __getitem__(self, host: str) -> Engine:
        """Return an engine that records leaves and lists the nodes."""
        info = {"Swarm": {"LocalNodeState": "inactive"}}

        def leave(*, force: bool) -> None:
            self.left.append(f"{host} {force}")

        return cast("Engine", SimpleNamespace(info=lambda: info, nodes=lambda: self._nodes, leave_swarm=leave))


def facts(host_2: dict[str, Any], **more: Any) -> Facts:
    """Return facts: host-1 is the leader, host-2 as described, and the manager of lab is at 10.0.9.1."""
    described = {"hosts": {"host-1": {"is": "leader"}, "host-2": host_2}, "other_clusters": {"10.0.9.1": "lab"}, **more}
    return Description.model_validate(described).facts()


@pytest.mark.parametrize(
    "host_2",
    [
        {"membership": "pending"},
        {"is": "worker", "record": {"state": "down"}},
        {"is": "worker", "recorded": False},
    ],
    ids=["pending", "not ready", "removed meanwhile"],
)
def test_a_partial_join_is_undone(host_2: dict[str, Any]) -> None:
    """A worker whose join is not complete leaves, so that it does not join later by itself."""
    engines = Leaving()
    failed = JOIN.settle(engines, facts(host_2), Failed("It was not seen."))
    assert engines.left == ["host-2 True"]
    assert failed.true_now == "`host-2` is not part of any cluster (the partial join was undone). prod is unchanged."


def test_a_record_without_a_name_is_told() -> None:
    """An engine that failed early leaves a record that does not show which join made it."""
    nameless = {"ID": "z614", "Version": {"Index": 1}, "Spec": {"Role": "worker", "Availability": "active"}}
    engines = Leaving(
        {**nameless, "Status": {"State": "unknown"}}, {**nameless, "ID": "id-before", "Status": {"State": "unknown"}}
    )
    failed = JOIN.settle(engines, facts({"membership": "inactive"}), Failed("no space left on device"))
    assert failed.true_now == (
        "`host-2` is not part of any cluster. prod has a new record without a host name, `z614`: it is of this join or "
        "of another one. If nothing else joins, `/swarm remove z614 --force` removes it."
    )


@pytest.mark.parametrize(
    ("host_2", "readable", "is_now"),
    [
        (ELSEWHERE, True, "a member of another cluster: `lab`. That was not changed."),
        (
            {"is": "manager", **ELSEWHERE, "recorded": False, "swarm_id": "labid"},
            True,
            "a member of another cluster: `lab`. That was not changed.",
        ),
        (
            {"is": "manager", "swarm_error": NO_LEADER},
            False,
            f"a manager of a cluster whose managers cannot be read: {NO_LEADER}. That was not changed.",
        ),
        (
            {"is": "manager", "membership": "pending"},
            False,
            "a manager of prod that has started and has no quorum yet. That was not changed.",
        ),
        ({"is": "worker"}, False, "a member of a cluster whose managers cannot be read. That was not changed."),
        (
            {"is": "manager", "record": {"state": "down", "reachability": "unreachable"}},
            True,
            "a manager of prod, down, unreachable.",
        ),
        ({"is": "worker", "record": {"id": "id-before", "state": "down"}}, True, "a worker of prod, down, active."),
        ({"is": "worker"}, True, "a worker of prod, ready, active."),
        ({"membership": "locked"}, True, "locked: `/swarm unlock host-2`. That was not changed."),
    ],
    ids=[
        "elsewhere",
        "manager elsewhere",
        "quorum lost",
        "no quorum yet",
        "unread",
        "manager",
        "before",
        "whole",
        "locked",
    ],
)
def test_other_memberships_are_not_ended(host_2: dict[str, Any], readable: bool, is_now: str) -> None:  # noqa: FBT001
    """No engine leaves another cluster, an older membership, or one that may count in Raft."""
    engines = Leaving()
    failed = JOIN.settle(engines, facts(host_2, readable=readable), Failed("It was not seen."))
    assert engines.left == []
    assert failed.true_now == f"`host-2` is {is_now}"


@pytest.mark.parametrize("counted", [False, True])
def test_a_manager_that_may_be_in_raft_does_not_leave(counted: bool) -> None:  # noqa: FBT001
    """The managers may count it before its engine reports it, or may be unreadable."""
    engines = Leaving()
    pending = {"membership": "pending"}
    records = [{"id": "id-host-2", "hostname": "host-2", "role": "manager", "state": "down"}] if counted else []
    seen = facts(pending, records=records, readable=counted)
    failed = replace(JOIN, role="manager").settle(engines, seen, Failed("It was not seen."))
    assert engines.left == []
    assert failed.true_now == (
        "`host-2` is `pending` and may already be in Raft, so the join was not undone. It may still complete by itself."
    )
    replace(JOIN, role="manager").settle(engines, facts(pending), Failed("It was not seen."))
    assert engines.left == ["host-2 True"], "a manager that is not in Raft leaves"


def test_a_host_that_joined_another_cluster_is_refused() -> None:
    """A host may be in two clusters of swarmbot.yml, whose jobs run side by side: the other join was first."""
    nobody: Engines = Leaving()
    with pytest.raises(Refused, match="`host-2` is a member of another cluster: `lab`") as refused:
        JOIN.apply(nobody, facts(ELSEWHERE))
    assert refused.value.next_step.startswith("It must leave that cluster first: ask in the channel of `lab`.")


@pytest.mark.parametrize(
    ("error", "ports"),
    [
        (EngineError("host-2", 503, "--live-restore daemon configuration is incompatible with swarm mode"), False),
        (EngineError("host-2", 400, "invalid join token"), False),
        (EngineError("host-2", 503, "dial tcp 10.0.0.1:2377: connect: connection refused"), True),
        (EngineError("host-2", 503, "Timeout was reached before node joined."), True),
        (EngineError("host-2", 0, "The engine of `host-2` did not respond within 30 s."), True),
        (Failed("Timed out after 60 s: it was not seen that `host-2` is ready in prod."), True),
    ],
    ids=["live-restore", "token", "refused", "time-out of the engine", "no response", "not seen"],
)
def test_ports_are_blamed_only_for_errors_of_the_network(error: SwarmbotError, ports: bool) -> None:  # noqa: FBT001
    """Any other refusal of an engine is quoted, and the advice is to fix what it names."""
    failed = JOIN.settle(Leaving(), facts({}), error)
    assert failed.happened == error.happened
    assert ("which port is blocked" in failed.next_step) is ports
    assert failed.next_step.endswith("then press Retry.")


@pytest.mark.parametrize(
    ("host_1", "is_read"),
    [({"is": "leader"}, True), ({"is": "manager"}, True), ({"is": "worker"}, False), ({}, False)],
    ids=["leader", "another leads now", "not a manager", "not a member"],
)
def test_only_the_cluster_of_the_first_manager_counts(host_1: dict[str, Any], is_read: bool) -> None:  # noqa: FBT001
    """A join that was planned before its cluster existed looks for the first manager, in that cluster only."""
    described = {"hosts": {"host-1": host_1, "host-2": {"is": "worker"}, "host-3": {"is": "leader"}}}
    seen = Description.model_validate(described).facts()
    join = Join("host-2", "worker", "prod", "", "10.0.0.2", first="host-1")
    assert join.satisfied(seen) == is_read
    if not is_read:
        with pytest.raises(Failed, match="No manager of prod"):
            join.apply(Leaving(), seen)


def test_an_init_that_others_followed_is_not_repeated() -> None:
    """The first manager may not lead when another worker takes over the job."""
    described = {"hosts": {"host-1": {"is": "manager"}, "host-2": {"is": "leader"}}}
    seen = Description.model_validate(described).facts()
    assert Init("host-1", "prod", "10.0.0.1", with_others=True).satisfied(seen)
    assert not Init("host-1", "prod", "10.0.0.1").satisfied(seen)


def test_a_join_that_was_begun_is_watched_through_two_managers() -> None:
    """The one that was read, and another one that is ready; the other hosts are not asked again and again."""
    hosts = {f"host-{number}": {"is": role} for number, role in enumerate(("manager", "leader", "manager"), 1)}
    seen = facts({"is": "none"}, hosts={**hosts, "host-4": {"is": "worker"}, "host-5": {}})
    join = replace(JOIN, host="host-5")
    assert seen.swarm is not None
    query = join.query_after(replace(seen, swarm=replace(seen.swarm, read_from="host-2")))
    assert (query.hosts, query.only_hosts) == (("host-5",), ("host-2", "host-1"))
    assert join.query_after(replace(seen, swarm=None)) == join.query
