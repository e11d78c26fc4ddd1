"""What is left of a cluster without quorum, and the steps that recover it, judged by facts."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import Refused
from bot.model import Facts, basis_of
from bot.swarm.health.lost_quorum import old_managers, quorum_among
from bot.swarm.operations import Init, LeaveLostCluster, Rejoin, RemoveOldRecords
from bot.swarm.quorum import Quorum, quorum_of, raft_members
from bot.swarm.quorum.lost_managers import bring_back_text
from handlers.recover import RecoverArguments, recover
from tests.kits.commands import plan_of
from tests.plans.description import Description

LOST: dict[str, Any] = {"is": "manager", "swarm_error": "The swarm does not have a leader.", "raft_position": [2, 38]}
OFF: dict[str, Any] = {"is": "manager", "failure": "no route"}
FORCED = Init("host-1", "prod", "10.0.0.1", force_new_cluster=True)
GONE = ("host-3", "host-4", "host-5")


def _facts(*hosts: dict[str, Any], **rest: Any) -> Facts:
    named = {f"host-{number}": host for number, host in enumerate(hosts, 1)}
    return Description.model_validate({"hosts": named, "readable": False, **rest}).facts()


@pytest.mark.parametrize(
    ("quorum", "missing", "words"),
    [
        (Quorum(2, 1), ["a"], "bring `a` back"),
        (Quorum(3, 1), ["a", "b"], "bring `a` or `b` back (either is enough)"),
        (Quorum(5, 2), ["a", "b", "c"], "bring `a` or `b` or `c` back (one is enough)"),
        (Quorum(5, 1), ["a", "b", "c", "d"], "bring 2 of `a`, `b`, `c`, `d` back"),
        (Quorum(3, 0), ["a", "b"], "bring `a` and `b` back"),
    ],
)
def test_bring_back_text_names_how_many_managers_are_enough(quorum: Quorum, missing: list[str], words: str) -> None:
    """These are as many as the quorum lacks."""
    assert bring_back_text(quorum, missing) == words


def test_a_manager_is_identified_by_its_advertised_address() -> None:
    """swarmbot.yml may have another address. An address that no host has is unreachable."""
    known = ["10.1.0.1:2377", "10.1.0.2:2377", "10.1.0.3:2377"]
    facts = _facts(
        {**LOST, "managers": known, "interfaces": {"eth1": ["10.1.0.1"]}}, {"interfaces": {"eth1": ["10.1.0.2"]}}
    )
    olds = old_managers(facts, facts.host("host-1"))
    assert [(old.name, old.state) for old in olds] == [
        ("host-1", "member"),
        ("host-2", "left"),
        ("10.1.0.3", "unreachable"),
    ]
    assert quorum_among(olds) == Quorum(3, 1)


def test_peers_decide_if_swarmbot_is_cut_off() -> None:
    """A manager that its peers reach counts as reachable even if Swarmbot does not reach it."""
    cut = {"is": "manager", "failure": "timed out"}
    seen = _facts(
        {"is": "leader"}, {**cut, "reach_from_managers": "open"}, {**cut, "reach_from_managers": "open"}, readable=True
    )
    assert quorum_of(raft_members(seen)) == Quorum(3, 3)
    off = _facts(
        {"is": "leader"},
        {**cut, "reach_from_managers": "no answer"},
        {**cut, "reach_from_managers": "refused"},
        readable=True,
    )
    assert quorum_of(raft_members(off)) == Quorum(3, 1)


def test_begun_anew_after_a_crash_nothing_is_done_twice() -> None:
    """Who has left and joined again is not made to leave, and a cluster with several managers is not forced again."""
    again = _facts({"is": "leader"}, {"is": "manager"}, OFF, readable=True, records=[])
    assert LeaveLostCluster("host-2", "old-id", "prod").satisfied(again)
    assert FORCED.satisfied(_facts({"is": "leader"}, {"is": "manager"}, readable=True))
    assert RemoveOldRecords("host-2", "old-id", "prod").satisfied(again)
    assert Rejoin("host-2", "prod", "host-1", "10.0.0.2").satisfied(again)


def test_a_quorum_that_came_back_is_left_alone() -> None:
    """Neither is anybody made to leave nor a cluster forced beside managers that have a quorum without the host."""
    apart = _facts(
        {**LOST, "record": {"reachability": "unreachable"}}, {"is": "leader"}, {"is": "manager"}, readable=True
    )
    assert not FORCED.satisfied(apart)
    with pytest.raises(Refused, match="has a quorum"):
        FORCED.apply(None, apart)  # type: ignore[arg-type] # no engine is asked
    with pytest.raises(Refused, match="has a quorum again"):
        LeaveLostCluster("host-1", "id-host-1", "prod").apply(None, apart)  # type: ignore[arg-type] # no engine is asked


def test_a_record_stays_until_its_host_has_left() -> None:
    """Only records of no Raft, and never that of the present membership."""
    old = {"id": "old-id", "hostname": "host-2", "role": "manager", "reachability": "", "address": "10.0.0.2"}
    other = {**old, "id": "other", "hostname": "host-9", "address": "10.0.0.9"}
    forget = RemoveOldRecords("host-2", "old-id", "prod")
    left = _facts({"is": "leader"}, {}, readable=True, records=[old, other])
    assert not forget.satisfied(left)
    assert not RemoveOldRecords("host-2", "", "prod").satisfied(left), "known by name and address, too"
    assert forget.satisfied(_facts({"is": "leader"}, {}, readable=True, records=[other]))
    assert not forget.satisfied(_facts({"is": "leader"}, {"failure": "no route"}, readable=True))
    present = {"is": "manager", "record": {"id": "old-id", "reachability": ""}}
    assert forget.satisfied(_facts({"is": "leader"}, present, readable=True))


def test_an_old_manager_that_comes_back_voids_the_approval() -> None:
    """Between yes and start: one that was declared gone answers, or one that was to leave has left by itself."""
    arguments = RecoverArguments(gone=GONE)
    asked = _facts(LOST, LOST, OFF, OFF, OFF)
    basis = basis_of("recover", {}, plan_of(recover, asked, arguments), asked)
    with pytest.raises(Refused, match="electing a leader"):
        plan_of(recover, _facts(LOST, LOST, LOST, OFF, OFF), arguments)
    known = [f"10.0.0.{number}:2377" for number in range(1, 6)]
    left = _facts({**LOST, "managers": known}, {}, OFF, OFF, OFF)
    assert basis_of("recover", {}, plan_of(recover, left, arguments), left).digest != basis.digest
