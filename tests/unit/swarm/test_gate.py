"""The quorum gate: what it refuses, what it lets through only when forced, and what it says of the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import Refused
from bot.plan import Facts, Operation, Plan, Step
from bot.swarm.operations import AwaitManager, Demote, Drain, Join, Label, Leave, Promote, RemoveNode, TakeBackup
from bot.swarm.quorum import FORCE, judge, members_of, permit
from tests.plans.description import Description

DEAD = {"is": "manager", "trouble": "no route", "record": {"reachability": "unreachable", "state": "down"}}
PLAIN = Plan(title="changes", ended="changed", failed="not changed")
OFFERED = replace(PLAIN, force="offered")
GIVEN = replace(PLAIN, force="given")


def facts(up: int, down: int = 0, workers: int = 0, **hosts: Any) -> Facts:
    """A cluster of managers m1…, the last ``down`` of them dead, and workers w1…."""
    described: dict[str, Any] = {"m1": {"is": "leader"}}
    described |= {f"m{number}": {"is": "manager"} for number in range(2, up + 1)}
    described |= {f"m{up + number}": DEAD for number in range(1, down + 1)}
    described |= {f"w{number}": {"is": "worker"} for number in range(1, workers + 1)}
    return Description.model_validate({"hosts": {**described, **hosts}}).facts()


def demote(name: str) -> Demote:
    """The demotion of a host's node."""
    return Demote(f"id-{name}", name, "prod", name)


def leave(name: str) -> Leave:
    """A host's forced leave, which engines do not guard."""
    return Leave(name, "prod", f"id-{name}", force=True)


def promote(name: str) -> Promote:
    """The promotion of a host's node."""
    return Promote(f"id-{name}", name, "prod")


def join(name: str) -> Join:
    """A host that joins as a manager."""
    return Join(name, "manager", "prod", "prodid", "10.0.0.9")


def permitted(operation: Operation, seen: Facts, *, forced: bool) -> None:
    """Ask the gate just before a plan's only step; ``forced``: the plan needed it, and two others agreed."""
    step = Step(operation, "one")
    permit(seen, replace(PLAIN, steps=(step,), force="given", subject=FORCE if forced else ""), step)


def judged(seen: Facts, *operations: Operation, plan: Plan = PLAIN) -> Plan:
    """The plan of these operations, in order, through the gate."""
    return judge(seen, replace(plan, steps=tuple(Step(operation, "one") for operation in operations)), "zone")


@pytest.mark.parametrize(("up", "down"), [(2, 1), (3, 2), (4, 3)])
@pytest.mark.parametrize("plan", [PLAIN, OFFERED, GIVEN], ids=["plain", "offered", "forced"])
def test_what_loses_the_quorum_is_refused_whoever_agrees(up: int, down: int, plan: Plan) -> None:
    """Forced or not: a reachable manager less, and too few would be left."""
    with pytest.raises(Refused, match="without a quorum") as refused:
        judged(facts(up, down), demote("m1"), plan=plan)
    assert "`m" in refused.value.next_step, "those that are to be brought back are named"


def test_a_forced_leave_of_a_member_counts_as_its_death() -> None:
    """Engines do not guard it: of two it takes the quorum, and of three it leaves none to fail."""
    with pytest.raises(Refused, match="1 of 2 managers reachable"):
        judged(facts(2), leave("m2"), plan=GIVEN)
    assert judged(facts(3), leave("m3"), plan=GIVEN).approvals == 2
    assert judged(facts(2), demote("m2"), leave("m2"), plan=GIVEN).approvals == 0, "demoted first it is no member"


def test_each_step_is_judged_and_not_the_end_alone() -> None:
    """A plan that would end well and lose the quorum on its way is refused; in the other order it is let through."""
    seen = facts(2, 1, workers=1)
    with pytest.raises(Refused, match="demoting `m2` to worker would leave 1 of 2 managers"):
        judged(seen, demote("m2"), promote("w1"))
    assert judged(seen, promote("w1"), demote("m2")).quorum == (
        "now 2 of 3 reachable, 2 needed",
        "after step 1: 3 of 4 reachable, 3 needed",
        "after step 2: 2 of 3 reachable, 2 needed",
    )


def test_what_makes_one_failure_fatal_is_refused_unless_forced() -> None:
    """The way out is told: another manager first, or force where the command has it; forced, two others must agree."""
    with pytest.raises(Refused, match="one failure would be fatal to prod, which survives 1 now") as refused:
        judged(facts(3), demote("m3"), plan=OFFERED)
    assert refused.value.next_step.endswith("Or add `--force`; 2 others must agree.")
    with pytest.raises(Refused) as refused:
        judged(facts(3), demote("m3"))
    assert "--force" not in refused.value.next_step
    forced = judged(facts(3), demote("m3"), plan=GIVEN)
    assert (forced.subject, forced.approvals) == ("force", 2)


def test_force_asks_for_no_fewer_than_the_plan_does() -> None:
    """The greater number counts."""
    assert judged(facts(3), demote("m3"), plan=replace(GIVEN, approvals=3)).approvals == 3


def test_force_without_need_changes_nothing() -> None:
    """What is safe needs no more approval for being forced."""
    forced = judged(facts(5), demote("m5"), plan=replace(GIVEN, subject="demote", approvals=1))
    assert (forced.subject, forced.approvals) == ("demote", 1)


def test_a_cluster_that_survives_nothing_may_shrink() -> None:
    """One failure was fatal before: two become one, and a dead member goes."""
    assert judged(facts(2), demote("m2")).effect == "managers 2 → 1, survives 0 failures, as before"
    assert judged(facts(2, 1), demote("m3")).effect == "managers 3 → 2, survives 0 failures, as before"


def test_the_last_manager_ends_the_cluster() -> None:
    """Refused unless forced; then two others must agree, and the effect says it."""
    for operation in (leave("m1"), demote("m1")):
        with pytest.raises(Refused, match="would end prod: it is the last manager"):
            judged(facts(1, workers=2), operation, plan=OFFERED)
    forced = judged(facts(1, workers=2), leave("m1"), plan=GIVEN)
    assert (forced.effect, forced.subject, forced.approvals) == ("prod ends", "force", 2)


def test_a_lost_quorum_agrees_on_nothing() -> None:
    """What needs an agreement cannot have one, and the answer says what mends it."""
    with pytest.raises(Refused, match="has no quorum") as refused:
        judged(facts(1, 2), demote("m3"))
    assert "/swarm recover" in refused.value.next_step


def test_hosts_that_are_down_count_whatever_the_managers_say() -> None:
    """They notice it late; a locked engine and one that has lost its leader manage nothing either."""
    for standing in (
        {"trouble": "no route"},
        {"trouble": "engine error"},
        {"membership": "locked"},
        {"swarm_error": "no leader"},
    ):
        seen = facts(3, m3={"is": "manager", **standing})
        assert dict(members_of(seen).reachable) == {"id-m1": True, "id-m2": True, "id-m3": False}
        with pytest.raises(Refused, match="without a quorum"):
            permitted(demote("m2"), seen, forced=True)
    for_others = facts(3, m3={"is": "manager", "trouble": "key refused"})
    assert all(members_of(for_others).reachable.values()), "that the bot may not log in says nothing of the engine"


def test_a_return_that_the_managers_have_not_noticed() -> None:
    """A quorum that seems to be lost may be back: nothing is taken from it, forced or not."""
    returned = {"is": "manager", "record": {"reachability": "unreachable"}}
    off = {"trouble": "no route", **returned}
    for seen in (facts(1, m2=returned), facts(1, m2=off), facts(2, m3=returned, m4=returned, m5=off)):
        for forced in (True, False):
            with pytest.raises(Refused, match="has no quorum"):
                permitted(leave("m1"), seen, forced=forced)


def test_what_is_fatal_if_a_manager_is_back() -> None:
    """It is judged with it and without: one that they call unreachable while its host answers may be back."""
    returned = {"is": "manager", "record": {"reachability": "unreachable"}}
    with pytest.raises(Refused, match="which survives 1 now if `m3` is back: 2 of 2 managers would be reachable"):
        judged(facts(2, m3=returned), demote("m3"))
    assert judged(facts(2, m3=returned), demote("m3"), plan=GIVEN).approvals == 2
    cut = {**returned, "peers": {"10.0.0.1:2377": "no answer", "10.0.0.2:2377": "no answer"}}
    assert judged(facts(2, m3=cut), demote("m3")).approvals == 0, "it is not back: it reaches none of the others"


def test_old_records_are_no_members() -> None:
    """They neither count nor are they counted on (docs/decisions/0006)."""
    record = {"reachability": "", "state": "down"}
    seen = facts(3, old={"is": "manager", "record": record})
    assert members_of(seen).reachable.keys() == {"id-m1", "id-m2", "id-m3"}


def test_a_step_is_judged_again_just_before_it() -> None:
    """With the facts of that moment: a manager died since the plan was made."""
    judged(facts(3), demote("m3"), plan=GIVEN)
    with pytest.raises(Refused, match="Nothing was changed by it"):
        permitted(demote("m3"), facts(2, 1, m3={"is": "manager"}, m2={"is": "manager", "trouble": "lost"}), forced=True)
    permitted(demote("m3"), facts(3), forced=True)


def test_a_later_step_is_judged_by_the_rule_of_the_plan() -> None:
    """What got fatal since the plan was made is not done, and the answer says what stands; forced then, it is."""
    steps = (Step(Drain("id-m5", "m5", "prod"), "m5"), Step(demote("m5"), "m5"), Step(leave("m5"), "m5"))
    safe, worse = facts(5), facts(4, m4={"is": "manager", "trouble": "no route"}, m5={"is": "manager"})
    for plan in (PLAIN, OFFERED, GIVEN):
        made = judge(safe, replace(plan, steps=steps), "zone")
        permit(safe, made, steps[1])
        permit(worse, made, steps[0])
        with pytest.raises(Refused, match="which survives 1 now: 3 of 4 managers would be reachable") as refused:
            permit(worse, made, steps[1])
        assert refused.value.true_now.startswith("That was not so when this was planned. The steps before it are done")
        assert refused.value.next_step.endswith("2 others must agree.") == (plan is not PLAIN)
        assert "Bring `m4` back first, or add a manager: " in refused.value.next_step
    forced = judge(worse, replace(GIVEN, steps=steps), "zone")
    assert forced.approvals == 2
    permit(worse, forced, steps[1])


def test_what_is_fatal_only_meanwhile_may_be_done_with_worse_facts() -> None:
    """A follower that comes back afterwards leaves the cluster as it is now; but never without a quorum."""
    steps = (Step(TakeBackup("m3", "id-m3", "prod"), "one"), Step(AwaitManager("m3", "id-m3", "prod"), "one"))
    plan = judge(facts(5), replace(PLAIN, steps=steps), "zone")
    dead = {"is": "manager", "trouble": "no route"}
    permit(facts(5, m4=dead), plan, steps[0])
    with pytest.raises(Refused, match="without a quorum"):
        permit(facts(5, m4=dead, m5=dead), plan, steps[0])


def test_a_number_that_stays_is_not_told() -> None:
    """Four managers are four after a backup too."""
    steps = (Step(TakeBackup("m3", "id-m3", "prod"), "one"), Step(AwaitManager("m3", "id-m3", "prod"), "one"))
    assert judge(facts(4), replace(PLAIN, steps=steps), "zone").warnings == (
        "While it runs, one more failure loses the quorum.",
    )


def test_what_takes_no_manager_away_is_let_through() -> None:
    """A worker that leaves, a record that goes, a drain: also without a quorum."""
    for operation in (leave("w1"), RemoveNode("id-w1", "w1", "prod"), Drain("id-m1", "m1", "prod")):
        permitted(operation, facts(1, 2, workers=1), forced=False)
        assert judged(facts(2, workers=1), operation) == replace(PLAIN, steps=(Step(operation, "one"),))


def test_managers_are_not_taken_away_side_by_side() -> None:
    """No order of two tracks could be judged: that is a defect of the command, and loud."""
    steps = (Step(demote("m1"), "one"), Step(demote("m2"), "two"))
    with pytest.raises(ValueError, match="side by side"):
        judge(facts(5), replace(PLAIN, steps=steps), "zone")


def test_what_holds_only_meanwhile_is_told() -> None:
    """In the middle one more failure would be fatal, and at the end no more."""
    plan = judged(facts(3, workers=1), demote("m3"), promote("w1"))
    assert "While it runs, one more failure loses the quorum." in plan.warnings
    assert plan.approvals == 0


@pytest.mark.parametrize(
    ("up", "operation", "words"),
    [
        (1, join("m9"), "2 managers survive no more failures than 1: add another."),
        (3, join("m9"), "4 managers survive no more failures than 3: add another."),
        (7, join("m9"), "8 managers make every write slower; 7 are plenty."),
        (8, join("m9"), "9 managers make every write slower; 7 are plenty."),
        (5, demote("m5"), "4 managers survive no more failures than 3: add another."),
    ],
)
def test_the_number_of_managers_is_told(up: int, operation: Operation, words: str) -> None:
    """Even numbers add nothing, more than seven cost more than they give."""
    assert words in judged(facts(up), operation).warnings


def test_a_good_number_needs_no_word() -> None:
    """Three and five are what they should be."""
    assert judged(facts(2), join("m9")).warnings == ()
    assert judged(facts(4), join("m9")).warnings == ()


def zoned(role: str, zone: str) -> dict[str, Any]:
    """A host in a failure domain."""
    return {"is": role, "record": {"labels": {"zone": zone}}}


def test_one_failure_domain_that_holds_too_many() -> None:
    """Two of three in one zone: without it there is no quorum. Spread over three there is."""
    a, b = zoned("manager", "a"), zoned("manager", "b")
    seen = facts(3, m1=zoned("leader", "a"), m2=b, m3=a, m4=a)
    assert "3 of 5 managers have `zone=a`: without it there is no quorum." in judged(seen, join("m9")).warnings
    spread = facts(3, m1=zoned("leader", "a"), m2=b, m3=zoned("manager", "c"), m4=zoned("manager", "d"))
    assert judged(spread, join("m9")).warnings == ()


def test_a_label_that_some_do_not_have() -> None:
    """Those without it stand in no domain; one alone in its domain is a failure like any other."""
    a = zoned("manager", "a")
    assert judged(facts(2, m2=a), join("m9")).warnings == ()
    two = facts(2, m1=zoned("leader", "a"), m2=a)
    assert judged(two, join("m9")).warnings == ("2 of 3 managers have `zone=a`: without it there is no quorum.",)
    off = {"is": "manager", "trouble": "no route"}
    spread = facts(4, m1=zoned("leader", "a"), m2=a, m4=off)
    words = "2 of 5 managers have `zone=a`: without it there is no quorum."
    assert judged(spread, join("m9")).warnings == (words,), "another is down"


def test_the_domain_of_a_host_that_joins_is_the_one_it_is_given() -> None:
    """Its label comes with the plan."""
    seen = facts(2, m1=zoned("leader", "a"), m2=zoned("manager", "b"))
    plan = judged(seen, join("m9"), Label("m9", (("zone", "a"),)))
    assert plan.warnings == ("2 of 3 managers have `zone=a`: without it there is no quorum.",)


def test_a_manager_that_will_be_busy() -> None:
    """A new one that runs tasks is told where managers otherwise run none, and not where they do."""
    described: dict[str, Any] = {"hosts": {"m1": {"is": "leader"}, "m2": {"is": "manager"}, "w1": {"is": "worker"}}}
    lonely = Description.model_validate({**described, "tasks": {"web": {"id-w1": 2}}}).facts()
    assert judged(lonely, promote("w1")).warnings == ("`w1` runs 2 tasks; managers of prod otherwise run none",)
    usual = Description.model_validate({**described, "tasks": {"web": {"id-w1": 2, "id-m1": 1}}}).facts()
    assert judged(usual, promote("w1")).warnings == ()
