"""The warnings of the quorum gate about plans that it permits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.model import Operation
from bot.swarm.operations import Drain, LabelHost, LabelNode, SetAvailability
from tests.kits.quorum_gate import demote, facts, join, judged, promote
from tests.plans.description import Description


def test_a_risk_during_the_plan_is_a_warning() -> None:
    """In the middle of the plan one more failure loses quorum; at its end it does not."""
    plan = judged(facts(3, workers=1), demote("m3"), promote("w1"))
    assert plan.meanwhile == ("While this runs, one more failure loses quorum.",)
    assert plan.approvals == 0


@pytest.mark.parametrize(
    ("up", "operation", "words"),
    [
        (1, join("m9"), "2 managers tolerate no more failures than 1. Add one more manager."),
        (3, join("m9"), "4 managers tolerate no more failures than 3. Add one more manager."),
        (7, join("m9"), "8 managers make every write slower. Docker recommends at most 7."),
        (8, join("m9"), "9 managers make every write slower. Docker recommends at most 7."),
        (5, demote("m5"), "4 managers tolerate no more failures than 3. Add one more manager."),
    ],
)
def test_a_bad_number_of_managers_is_a_warning(up: int, operation: Operation, words: str) -> None:
    """Even numbers add no tolerance, and more than seven managers make writes slow."""
    assert words in judged(facts(up), operation).warnings


def test_a_good_number_of_managers_has_no_warning() -> None:
    """Three and five are recommended."""
    assert judged(facts(2), join("m9")).warnings == ()
    assert judged(facts(4), join("m9")).warnings == ()


def zoned(role: str, zone: str) -> dict[str, Any]:
    """Return a host in a failure domain."""
    return {"is": role, "record": {"labels": {"zone": zone}}}


def test_a_failure_domain_with_too_many_managers_is_a_warning() -> None:
    """If most managers are in one zone, its failure loses quorum; spread over several zones it does not."""
    a, b = zoned("manager", "a"), zoned("manager", "b")
    seen = facts(3, m1=zoned("leader", "a"), m2=b, m3=a, m4=a)
    assert "3 of 5 managers have `zone=a`: if they fail together, quorum is lost." in judged(seen, join("m9")).warnings
    spread = facts(3, m1=zoned("leader", "a"), m2=b, m3=zoned("manager", "c"), m4=zoned("manager", "d"))
    assert judged(spread, join("m9")).warnings == ()


def test_managers_without_the_label_are_in_no_domain() -> None:
    """A domain with one manager is not reported: its failure is like that of any manager."""
    a = zoned("manager", "a")
    assert judged(facts(2, m2=a), join("m9")).warnings == ()
    two = facts(2, m1=zoned("leader", "a"), m2=a)
    assert judged(two, join("m9")).warnings == (
        "2 of 3 managers have `zone=a`: if they fail together, quorum is lost.",
    )
    off = {"is": "manager", "failure": "no route"}
    spread = facts(4, m1=zoned("leader", "a"), m2=a, m4=off)
    words = "2 of 5 managers have `zone=a`: if they fail together, quorum is lost."
    assert judged(spread, join("m9")).warnings == (words,), "another is down"


def test_the_domain_of_a_joining_host_comes_from_the_plan() -> None:
    """The plan sets its label."""
    seen = facts(2, m1=zoned("leader", "a"), m2=zoned("manager", "b"))
    plan = judged(seen, join("m9"), LabelHost("m9", (("zone", "a"),)))
    assert plan.warnings == ("2 of 3 managers have `zone=a`: if they fail together, quorum is lost.",)


def test_a_label_change_that_concentrates_managers_is_a_warning() -> None:
    """No manager joins or leaves, but a failure now loses quorum. An existing concentration is not reported again."""
    seen = facts(3, m1=zoned("leader", "a"), m2=zoned("manager", "b"))
    words = "2 of 3 managers have `zone=a`: if they fail together, quorum is lost."
    assert judged(seen, LabelNode("id-m2", "m2", (("zone", "a"),))).warnings == (words,)
    assert judged(seen, LabelHost("m3", (("zone", "a"),))).warnings == (words,)
    together = facts(3, m1=zoned("leader", "a"), m2=zoned("manager", "a"))
    assert judged(together, LabelNode("id-m3", "m3", (("disk", "ssd"),))).warnings == ()
    assert judged(together, LabelNode("id-m2", "m2", removed=("zone",))).warnings == ()


def test_a_new_manager_that_runs_tasks_is_a_warning() -> None:
    """The warning says whether other managers run tasks."""
    described: dict[str, Any] = {"hosts": {"m1": {"is": "leader"}, "m2": {"is": "manager"}, "w1": {"is": "worker"}}}
    lonely = Description.model_validate({**described, "tasks": {"web": {"id-w1": 2}}}).facts()
    assert judged(lonely, promote("w1")).warnings == ("`w1` runs 2 tasks; the other managers of prod run none",)
    usual = Description.model_validate({**described, "tasks": {"web": {"id-w1": 2, "id-m1": 1}}}).facts()
    assert judged(usual, promote("w1")).warnings == ("`w1` runs 2 tasks, also as a manager",)


DRAINED = {"record": {"availability": "drain"}}
TAKES = "accepts tasks; the other managers of prod accept none"


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (join("m9"), f"`m9` {TAKES}"),
        (replace(join("m9"), availability="drain"), ""),
        (promote("w1"), f"`w1` {TAKES}"),
        (SetAvailability("id-m3", "m3", "active"), f"`m3` {TAKES}"),
        (SetAvailability("id-w1", "w1", "active"), ""),
        (Drain("id-m3", "m3", "prod"), ""),
    ],
)
def test_the_first_manager_that_accepts_tasks_is_a_warning(operation: Operation, told: str) -> None:
    """There is a warning only if the other managers accept no tasks."""
    drained: dict[str, Any] = {"m2": {"is": "manager", **DRAINED}, "m3": {"is": "manager", **DRAINED}}
    seen = facts(3, workers=1, m1={"is": "leader", **DRAINED}, **drained)
    assert [line for line in judged(seen, operation).warnings if "tasks" in line] == ([told] if told else [])
    one_takes = facts(3, workers=1, **drained)
    assert not [line for line in judged(one_takes, operation).warnings if "tasks" in line]
