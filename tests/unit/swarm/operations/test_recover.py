"""Recovery: old managers with stopped engines, their states, and when they count as held off."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.commands import Vocabulary
from bot.errors import Refused
from bot.model import Facts, basis_of, differences
from bot.swarm.health.health import health
from bot.swarm.health.lost_quorum import old_managers, quorum_among
from bot.swarm.operations import HoldOff, LeaveLostCluster, RemoveOldRecords
from bot.swarm.quorum import Quorum
from handlers.recover import RecoverArguments, recover
from tests.kits.commands import plan_of
from tests.plans.description import Description
from tests.plans.outcome import read_words

LOST: dict[str, Any] = {"is": "manager", "swarm_error": "The swarm does not have a leader.", "raft_position": [2, 38]}
OFF: dict[str, Any] = {"is": "manager", "failure": "no route"}
STOPPED: dict[str, Any] = {"is": "manager", "failure": "docker stopped", "stopped": "in place"}
HELD: dict[str, Any] = {**STOPPED, "stopped": "held off"}
STEP = HoldOff("host-2", "id-host-2", "prod")


def _facts(*hosts: dict[str, Any], **rest: Any) -> Facts:
    named = {f"host-{number}": host for number, host in enumerate(hosts, 1)}
    return Description.model_validate({"hosts": named, "readable": False, **rest}).facts()


def test_a_stopped_engine_is_neither_a_member_nor_unreachable() -> None:
    """It is stopped until its state is moved, then held off; it counts for no quorum in either case."""
    olds = old_managers(_facts(LOST, STOPPED, HELD, OFF))
    assert [old.state for old in olds] == ["member", "stopped", "held off", "unreachable"]
    assert quorum_among(olds) == Quorum(4, 1)


def test_a_host_is_held_off_when_its_disk_or_its_engine_shows_it() -> None:
    """It is not while its state is in place or unknown. An engine that runs and is not in a cluster counts too."""
    assert not STEP.satisfied(_facts(LOST, STOPPED))
    assert not STEP.satisfied(_facts(LOST, OFF))
    assert not STEP.satisfied(_facts(LOST, LOST))
    assert STEP.satisfied(_facts(LOST, HELD))
    assert STEP.satisfied(_facts(LOST, {}))
    assert "swarm.held-off-1800000000" in STEP.seen(_facts(LOST, HELD))
    again = _facts({"is": "leader"}, {"is": "manager"}, readable=True)
    assert STEP.satisfied(again), "after a crash it may already be in the recovered cluster"
    for step in (STEP, LeaveLostCluster("host-2", "id-host-2", "prod")):
        assert step.seen(again) == "`host-2` is a reachable manager of prod, which has a quorum"
        assert step.seen(_facts(LOST, {})) == step.done


def test_nothing_is_moved_when_the_quorum_or_the_engine_is_back() -> None:
    """The state of a running engine is never moved."""
    quorum = _facts({"is": "leader"}, {**STOPPED, "record": {"reachability": "unreachable"}}, LOST, readable=True)
    with pytest.raises(Refused, match="has a quorum again"):
        STEP.apply(None, quorum)  # type: ignore[arg-type] # no engine is asked
    with pytest.raises(Refused, match="runs again"):
        STEP.apply(None, _facts(LOST, LOST, OFF))  # type: ignore[arg-type] # no engine is asked


def test_the_record_of_a_held_off_host_is_removed() -> None:
    """It is found by node id. The record of a host whose engine may start stays."""
    old = {"id": "id-host-2", "hostname": "host-2", "role": "manager", "reachability": "", "address": "10.0.0.2"}
    forget = RemoveOldRecords("host-2", "id-host-2", "prod")
    for standing, is_out in ((HELD, True), (STOPPED, False)):
        host = {**standing, "is": "nothing"}
        assert not forget.satisfied(_facts({"is": "leader"}, host, readable=True, records=[old]))
        assert forget.satisfied(_facts({"is": "leader"}, host, readable=True)) is is_out


def test_an_engine_that_starts_before_the_last_approval_voids_it() -> None:
    """So does an engine that stops; the card names it."""
    arguments = RecoverArguments(gone=("host-4", "host-5"), hold_off=("host-3",))
    asked = _facts(LOST, LOST, STOPPED, OFF, OFF)
    basis = basis_of("recover", {}, plan_of(recover, asked, arguments), asked)
    with pytest.raises(Refused, match="which is enough"):
        plan_of(recover, _facts(LOST, LOST, LOST, OFF, OFF), arguments)
    known = [f"10.0.0.{number}:2377" for number in range(1, 6)]
    stops = _facts({**LOST, "managers": known}, STOPPED, STOPPED, OFF, OFF)
    others = RecoverArguments(gone=("host-4", "host-5"), hold_off=("host-2", "host-3"))
    now = basis_of("recover", {}, plan_of(recover, stops, others), stops)
    assert "`host-2` no longer responds" in differences(basis, now)


def test_the_order_that_status_advises_works_as_it_stands() -> None:
    """It names every manager that does not respond; one that responds over SSH is not called lost."""
    facts = _facts(LOST, LOST, OFF, OFF, OFF)
    [fix] = [issue.fix for issue in health(facts).issues if "recover" in issue.fix]
    assert fix.startswith("bring `host-3` or `host-4` or `host-5` back (one is enough)")
    [words] = re.findall(r"`/swarm (recover [^`]+)`", fix)
    command, arguments = read_words(words, Vocabulary("prod", tuple(facts.hosts)))
    assert command.plan is not None
    assert command.plan(facts, arguments).steps
    up = {**OFF, "failure": "docker stopped"}
    fixes = [issue.fix for issue in health(_facts(LOST, up, OFF)).issues]
    assert any("if `host-3` is permanently lost: `/swarm recover --gone host-3`" in each for each in fixes)
    assert not any("lost" in issue.fix for issue in health(_facts(LOST, up, up)).issues)
