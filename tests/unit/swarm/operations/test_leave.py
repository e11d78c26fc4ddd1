"""Leave and RemoveNode: when they have succeeded, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import Failed, Refused
from bot.model import Engines
from bot.swarm.operations import Demote, Drain, Leave, RemoveNode
from tests.kits.simulated_cluster import Simulated
from tests.kits.two_hosts import ABSENT, facts, node

DRAIN = Drain("id-host-2", "host-2", "prod")
DEMOTE = Demote("id-host-2", "host-2", "prod", "host-2")
LEAVE = Leave("host-2", "prod", "id-host-2")
REMOVE = RemoveNode("id-host-2", "host-2", "prod")
NOBODY: Engines = Simulated(0, managers=0)


@pytest.mark.parametrize("operation", [DEMOTE, DRAIN, REMOVE])
def test_no_step_succeeds_while_the_cluster_cannot_be_read(operation: Demote | Drain | RemoveNode) -> None:
    """Nothing is known then, and nothing is changed."""
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
        (ABSENT, True),
    ],
)
def test_leave_succeeds_when_the_host_and_the_managers_report_it(host_2: dict[str, Any], ended: bool) -> None:  # noqa: FBT001
    """A host that does not respond may still be a member."""
    assert LEAVE.satisfied(facts(host_2)) is ended


def test_leave_is_not_repeated_and_ends_no_other_membership() -> None:
    """No engine is called for a host that has left but is not down yet, or that has joined again."""
    LEAVE.apply(NOBODY, facts(node("worker", host={"membership": "inactive"})))
    another = facts(node("worker", id="id-other"))
    LEAVE.apply(NOBODY, another)
    assert LEAVE.satisfied(another)


def test_an_unseen_leave_needs_only_the_host() -> None:
    """The last manager leaves, or a host whose managers are lost."""
    left = facts({"membership": "inactive"}, readable=False)
    assert replace(LEAVE, unseen=True).satisfied(left)
    assert Leave("host-2", "prod", force=True).satisfied(left)
    assert not LEAVE.satisfied(left)


def test_a_member_of_raft_does_not_leave() -> None:
    """The node may be promoted after the plan was made. If the cluster cannot be read, nobody knows."""
    with pytest.raises(Refused, match="`host-2` was promoted to manager after this was planned") as refused:
        LEAVE.apply(NOBODY, facts(node("manager")))
    assert refused.value.next_step == "`/swarm leave host-2` demotes it first."
    with pytest.raises(Failed, match="No manager of prod with a quorum could be read"):
        LEAVE.apply(NOBODY, facts(node("worker"), readable=False))


@pytest.mark.parametrize("membership", ["active", "pending"])
def test_only_a_pending_join_is_undone(membership: str) -> None:
    """The join may complete after the plan was made. A manager that starts without a quorum is pending too."""
    arrived = facts(node("manager", host={"membership": membership}), readable=False)
    with pytest.raises(Refused, match="the pending join of `host-2` has completed"):
        Leave("host-2", "prod", force=True).apply(NOBODY, arrived)
    with pytest.raises(Failed, match="no route"):
        Leave("host-2", "prod", force=True).apply(NOBODY, facts({"failure": "no route"}))
