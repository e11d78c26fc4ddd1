"""The quorum gate: what it refuses, and what it permits only with force."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import Refused
from bot.model import Plan, Step
from bot.swarm.operations import AwaitManager, Drain, RemoveNode, TakeBackup
from bot.swarm.quorum import judge_plan, permit_step, raft_members
from tests.kits.quorum_gate import GIVEN, OFFERED, PLAIN, demote, facts, judged, leave, permitted, promote


@pytest.mark.parametrize(("up", "down"), [(2, 1), (3, 2), (4, 3)])
@pytest.mark.parametrize("plan", [PLAIN, OFFERED, GIVEN], ids=["plain", "offered", "forced"])
def test_a_loss_of_quorum_is_refused_even_with_force(up: int, down: int, plan: Plan) -> None:
    """With one reachable manager less, too few would be left."""
    with pytest.raises(Refused, match="would lose quorum") as refused:
        judged(facts(up, down), demote("m1"), plan=plan)
    assert "`m" in refused.value.next_step, "the managers to bring back are named"


def test_a_forced_leave_counts_as_a_failure() -> None:
    """Engines do not guard it: with two managers it loses quorum; with three, no failure is tolerated afterwards."""
    with pytest.raises(Refused, match="1 of 2 managers would be reachable"):
        judged(facts(2), leave("m2"), plan=GIVEN)
    assert judged(facts(3), leave("m3"), plan=GIVEN).approvals == 2
    assert judged(facts(2), demote("m2"), leave("m2"), plan=GIVEN).approvals == 0, "after a demotion it is not a member"


def test_each_step_is_judged_and_not_only_the_end() -> None:
    """A plan that loses quorum on its way is refused; in the other order it is permitted."""
    seen = facts(2, 1, workers=1)
    with pytest.raises(Refused, match="demoting `m2` to worker would lose quorum in prod: 1 of 2 managers"):
        judged(seen, demote("m2"), promote("w1"))
    assert judged(seen, promote("w1"), demote("m2")).quorum == (
        "now 2 of 3 reachable, 2 needed",
        "after step 1: 3 of 4 reachable, 3 needed",
        "after step 2: 2 of 3 reachable, 2 needed",
    )


def test_a_loss_of_failure_tolerance_is_refused_unless_forced() -> None:
    """The next step is another manager, or `--force` if the command has it, which needs 2 approvals."""
    with pytest.raises(Refused, match="prod tolerates 1 failure now and would tolerate none after this") as refused:
        judged(facts(3), demote("m3"), plan=OFFERED)
    assert refused.value.next_step.endswith("Or add `--force`, which needs 2 approvals.")
    with pytest.raises(Refused) as refused:
        judged(facts(3), demote("m3"))
    assert "--force" not in refused.value.next_step
    forced = judged(facts(3), demote("m3"), plan=GIVEN)
    assert (forced.subject, forced.approvals) == ("force", 2)


def test_force_does_not_reduce_the_number_of_approvals() -> None:
    """The larger number counts."""
    assert judged(facts(3), demote("m3"), plan=replace(GIVEN, approvals=3)).approvals == 3


def test_unneeded_force_changes_nothing() -> None:
    """A safe plan needs no more approvals because of `--force`."""
    forced = judged(facts(5), demote("m5"), plan=replace(GIVEN, subject="demote", approvals=1))
    assert (forced.subject, forced.approvals) == ("demote", 1)


def test_a_cluster_without_failure_tolerance_may_shrink() -> None:
    """It tolerated no failure before: two managers become one, and a dead member is removed."""
    assert judged(facts(2), demote("m2")).effect == "managers 2 → 1, still tolerates no failure"
    assert judged(facts(2, 1), demote("m3")).effect == "managers 3 → 2, still tolerates no failure"


def test_the_last_manager_ends_the_cluster() -> None:
    """Refused unless forced; then it needs 2 approvals, and the effect says so."""
    for operation in (leave("m1"), demote("m1")):
        with pytest.raises(Refused, match="would end prod: it is the last manager"):
            judged(facts(1, workers=2), operation, plan=OFFERED)
    forced = judged(facts(1, workers=2), leave("m1"), plan=GIVEN)
    assert (forced.effect, forced.subject, forced.approvals) == ("prod ends", "force", 2)


def test_without_quorum_everything_is_refused() -> None:
    """The answer says how to restore quorum."""
    with pytest.raises(Refused, match="has no quorum") as refused:
        judged(facts(1, 2), demote("m3"))
    assert "/swarm recover" in refused.value.next_step


def test_a_host_that_is_down_counts_as_unreachable_whatever_the_managers_report() -> None:
    """Managers notice a failure late. A locked engine and one without a leader count as unreachable too."""
    for standing in (
        {"failure": "no route"},
        {"failure": "engine error"},
        {"membership": "locked"},
        {"swarm_error": "no leader"},
    ):
        seen = facts(3, m3={"is": "manager", **standing})
        assert dict(raft_members(seen).reachable) == {"id-m1": True, "id-m2": True, "id-m3": False}
        with pytest.raises(Refused, match="would lose quorum"):
            permitted(demote("m2"), seen, forced=True)
    for_others = facts(3, m3={"is": "manager", "failure": "key refused"})
    assert all(raft_members(for_others).reachable.values()), "a refused login says nothing about the engine"


def test_a_return_that_the_managers_have_not_noticed_yet() -> None:
    """A quorum that seems to be lost may be back: no manager is removed, even with force."""
    returned = {"is": "manager", "record": {"reachability": "unreachable"}}
    off = {"failure": "no route", **returned}
    for seen in (facts(1, m2=returned), facts(1, m2=off), facts(2, m3=returned, m4=returned, m5=off)):
        for forced in (True, False):
            with pytest.raises(Refused, match="has no quorum"):
                permitted(leave("m1"), seen, forced=forced)


def test_a_manager_that_may_be_back_is_considered() -> None:
    """The plan is judged with it and without it: a manager called unreachable whose host answers may be back."""
    returned = {"is": "manager", "record": {"reachability": "unreachable"}}
    with pytest.raises(
        Refused,
        match="1 failure now if `m3` is back and would tolerate none after this: 2 of 2 managers would be reachable",
    ):
        judged(facts(2, m3=returned), demote("m3"))
    assert judged(facts(2, m3=returned), demote("m3"), plan=GIVEN).approvals == 2
    cut = {**returned, "peer_reach": {"10.0.0.1:2377": "no answer", "10.0.0.2:2377": "no answer"}}
    assert judged(facts(2, m3=cut), demote("m3")).approvals == 0, "it is not back: it reaches no other manager"


def test_old_records_are_not_members() -> None:
    """They do not count at all (docs/decisions/0006)."""
    record = {"reachability": "", "state": "down"}
    seen = facts(3, old={"is": "manager", "record": record})
    assert raft_members(seen).reachable.keys() == {"id-m1", "id-m2", "id-m3"}


def test_a_step_is_judged_again_before_it_starts() -> None:
    """With new facts: a manager died after the plan was made."""
    judged(facts(3), demote("m3"), plan=GIVEN)
    with pytest.raises(Refused, match="This step was not started"):
        permitted(demote("m3"), facts(2, 1, m3={"is": "manager"}, m2={"is": "manager", "failure": "lost"}), forced=True)
    permitted(demote("m3"), facts(3), forced=True)


def test_a_later_step_is_judged_by_the_rules_for_plans() -> None:
    """If the facts have become worse, the step is refused unless the plan was forced; the answer says what was done."""
    steps = (Step(Drain("id-m5", "m5", "prod"), "m5"), Step(demote("m5"), "m5"), Step(leave("m5"), "m5"))
    safe, worse = facts(5), facts(4, m4={"is": "manager", "failure": "no route"}, m5={"is": "manager"})
    for plan in (PLAIN, OFFERED, GIVEN):
        made = judge_plan(safe, replace(plan, steps=steps), "zone")
        permit_step(safe, made, steps[1])
        permit_step(worse, made, steps[0])
        with pytest.raises(
            Refused, match="would tolerate none after this: 3 of 4 managers would be reachable"
        ) as refused:
            permit_step(worse, made, steps[1])
        assert refused.value.true_now.startswith(
            "This was not so when the plan was made. The steps before this one are done."
        )
        assert refused.value.next_step.endswith("which needs 2 approvals.") == (plan is not PLAIN)
        assert "Bring `m4` back first, or add a manager: " in refused.value.next_step
    forced = judge_plan(worse, replace(GIVEN, steps=steps), "zone")
    assert forced.approvals == 2
    permit_step(worse, forced, steps[1])


def test_a_temporary_loss_of_tolerance_is_permitted() -> None:
    """A manager that comes back afterwards may be stopped, but never if this loses quorum."""
    steps = (Step(TakeBackup("m3", "id-m3", "prod"), "one"), Step(AwaitManager("m3", "id-m3", "prod"), "one"))
    plan = judge_plan(facts(5), replace(PLAIN, steps=steps), "zone")
    dead = {"is": "manager", "failure": "no route"}
    permit_step(facts(5, m4=dead), plan, steps[0])
    with pytest.raises(Refused, match="would lose quorum"):
        permit_step(facts(5, m4=dead, m5=dead), plan, steps[0])


def test_an_unchanged_number_of_managers_has_no_warning() -> None:
    """A backup leaves four managers as they are."""
    steps = (Step(TakeBackup("m3", "id-m3", "prod"), "one"), Step(AwaitManager("m3", "id-m3", "prod"), "one"))
    plan = judge_plan(facts(4), replace(PLAIN, steps=steps), "zone")
    assert plan.warnings == ()
    assert plan.meanwhile == (
        "While this runs: 3 of 4 managers reachable, 3 needed, tolerates no failure.",
        "While this runs, one more failure loses quorum.",
    )


def test_an_operation_that_removes_no_manager_is_permitted() -> None:
    """A worker that leaves, a removed record, a drain: all are permitted, even without quorum."""
    for operation in (leave("w1"), RemoveNode("id-w1", "w1", "prod"), Drain("id-m1", "m1", "prod")):
        permitted(operation, facts(1, 2, workers=1), forced=False)
        assert judged(facts(2, workers=1), operation) == replace(PLAIN, steps=(Step(operation, "one"),))


def test_managers_are_not_removed_in_parallel() -> None:
    """Two tracks have no order that could be judged: this is a defect of the command and raises an error."""
    steps = (Step(demote("m1"), "one"), Step(demote("m2"), "two"))
    with pytest.raises(ValueError, match="side by side"):
        judge_plan(facts(5), replace(PLAIN, steps=steps), "zone")
