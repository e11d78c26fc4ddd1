"""What voids an approval: the changes of its targets and of the managers, and nothing that was not read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.execution.planning import planned
from bot.model import Facts, Plan, PlanTitles, Step, basis_of, differences
from bot.model.approval_basis import Basis, changed_facts
from bot.swarm.operations import DeployObject, RemoveVersion
from handlers.promote import PromoteArguments
from handlers.update import UpdateArguments
from tests.kits.commands import COMMANDS
from tests.plans.description import Description

WORKER: dict[str, Any] = {"is": "worker"}
MANAGER: dict[str, Any] = {"is": "manager"}
ARGUMENTS = PromoteArguments(("host-3", "host-4"))


def _facts(*hosts: dict[str, Any], **rest: Any) -> Facts:
    named = {f"host-{number}": host for number, host in enumerate(({"is": "leader"}, MANAGER, *hosts), 1)}
    return Description.model_validate({"hosts": named, **rest}).facts()


def _plan(facts: Facts) -> Plan:
    return planned(COMMANDS["promote"], facts, ARGUMENTS, "zone")


def _basis(facts: Facts) -> Basis:
    return basis_of("promote", {}, _plan(facts), facts)


def _changes(asked: Facts, now: Facts, plan: Plan | None = None) -> list[str]:
    before = _basis(asked)
    plan = plan or _plan(now)
    return differences(before, basis_of("promote", {}, plan, now, targets=before.targets))


def test_targets_that_another_job_changed_still_respond() -> None:
    """They are in no step of the plan now. Only what was seen to change is reported."""
    told = _changes(_facts(WORKER, WORKER), _facts(MANAGER, MANAGER))
    assert told == ["`host-3` is a manager now", "`host-4` is a manager now"]


def test_a_change_is_told_beside_a_target_that_does_not_respond() -> None:
    """The silent host hides no other change, of itself or of others."""
    silent = {"is": "worker", "failure": "timed out", "record": {"availability": "drain", "state": "down"}}
    promoted = _facts(MANAGER, MANAGER)
    told = _changes(_facts(WORKER, WORKER), _facts(MANAGER, silent), _plan(promoted))
    assert told == [
        "`host-3` is a manager now",
        "`host-4` no longer responds",
        "`host-4` changed its availability from active to drain",
    ]


def test_a_target_that_was_not_read_is_unknown() -> None:
    """It is no change by itself, whether it was not read then or now, and its node's change is reported."""
    both, plan = _facts(WORKER, WORKER), _plan(_facts(WORKER, WORKER))
    record = {"id": "id-host-4", "hostname": "host-4", "role": "worker", "address": "10.0.0.4"}
    one = _facts(WORKER, records=[record])
    assert not _changes(both, one, plan)
    unread = basis_of("promote", {}, plan, one)
    assert "answers" not in unread.targets["host-4"]
    assert not differences(unread, _basis(both))
    drained = _facts(WORKER, records=[record | {"availability": "drain"}])
    assert _changes(both, drained, plan) == ["`host-4` changed its availability from active to drain"]


def test_another_manager_matters_only_where_managers_change() -> None:
    """A change of settings stays approved, also if an older version bound it to the managers; a promotion does not."""
    asked, now = _facts(WORKER, MANAGER), _facts(WORKER, WORKER)
    settings = UpdateArguments(autolock="true")
    before, after = (
        basis_of("update", {}, planned(COMMANDS["update"], facts, settings, "zone"), facts) for facts in (asked, now)
    )
    assert not before.managers
    assert not differences(before, after)
    bound = replace(before, managers={"id-host-4": {"name": "host-4", "reachability": "reachable"}})
    assert not differences(bound, after)
    assert differences(before, replace(after, cluster_id="other")) == ["prod is a different cluster now"]
    one = PromoteArguments(("host-3",))
    promotions = [
        basis_of("promote", {}, planned(COMMANDS["promote"], facts, one, "zone"), facts) for facts in (asked, now)
    ]
    assert differences(*promotions) == ["`host-4` is no longer a manager"]


def test_what_a_deploy_writes_or_removes_otherwise_is_named() -> None:
    """Also an old content that it would no longer remove."""
    facts, titles = _facts(), PlanTitles("", "", "", "")
    write = DeployObject("app", "config", "app_conf-1a2b3c4d", "create", "one digest")
    old = RemoveVersion("app", "config", "app_conf", "id-1")
    asked = Plan(titles, steps=(Step(write, "stack"), Step(old, "old contents")))
    now = Plan(titles, steps=(Step(replace(write, digest="another"), "stack"),))
    before, after = (basis_of("deploy", {}, plan, facts) for plan in (asked, now))
    assert differences(before, after) == [
        "the step for config `app_conf-1a2b3c4d` is a different one now",
        "the step for config `app_conf` is a different one now",
    ]


def test_what_has_changed_is_seen_without_a_new_plan() -> None:
    """Status compares the facts that a waiting plan rests on. What was not read in time is unknown, and no change."""
    asked = _facts(WORKER, WORKER)
    before = _basis(asked)
    assert not changed_facts(before, asked)
    down = {"is": "worker", "failure": "timed out", "record": {"state": "down"}}
    assert changed_facts(before, _facts(WORKER, down)) == ["`host-4` no longer responds"]
    assert not changed_facts(before, _facts(WORKER, {"is": "worker", "failure": "slow"}))
    assert changed_facts(before, _facts(MANAGER, WORKER)) == ["`host-3` is a manager now"]
    assert not changed_facts(before, _facts(WORKER, WORKER, readable=False))
    unread = replace(before, cluster_id="", managers={})
    assert changed_facts(unread, asked) == ["prod can be read now"]
