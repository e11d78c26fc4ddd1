"""The quorum gate: every plan passes it when it is made, and every step that takes a manager away just before it.

Pure. Lost is a quorum that was there and would not be; fatal is one failure that was survived before and would not be.
What would lose the quorum at any step is refused, whoever agrees. That the last manager goes, which ends the cluster,
and what leaves one failure fatal when all is done, is refused unless forced, and then waits for two others' yes. A step
is judged with those that follow it, by the same rule: what the plan was not forced for when it was made it may not do
when the facts have got worse meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from bot.errors import Refused
from bot.model import Facts, Operation, Plan, RaftMembers, Step
from bot.swarm.quorum.advice import connection_warnings, manager_warnings, member_names, strengthening_step
from bot.swarm.quorum.arithmetic import Quorum, quorum_change_text, quorum_of, quorum_text
from bot.swarm.quorum.members import possible_raft_members, raft_members
from bot.text.suggest import listed

FORCE: Final = "force"
"""What the rules of swarmbot.yml call an order that only ``--force`` lets through."""
FORCED_APPROVALS: Final = 2


def judge_plan(facts: Facts, plan: Plan, domain: str) -> Plan:
    """The plan with what it means for the quorum: its effect, what is left after each step, warnings, approvals.

    ``domain`` is the label that tells failure domains apart. Raises Refused; ValueError for a plan that takes managers
    away on several tracks, side by side, where no order of them could be judged.
    """
    weakening = {step.track for step in plan.steps if step.operation.weakens}
    if len(weakening) > 1:
        raise ValueError(f"managers would be taken away side by side: {sorted(weakening)}")
    _refuse_losses(facts, plan)
    stages = _stages(raft_members(facts), plan.steps)
    before, after = stages[0], stages[-1]
    told = manager_warnings(facts, plan, before, after, domain)
    if all(stage == before for stage in stages):
        return replace(plan, warnings=(*plan.warnings, *told))
    fatal = _fatal(facts, plan.steps)
    if fatal and plan.force != "given":
        raise _refused_fatal(facts, *fatal, _or_force(plan, "Or"))
    forced = bool(fatal) or not after.reachable
    return replace(
        plan,
        effect=", ".join(filter(None, (plan.effect, _effect(facts, before, stages)))),
        meanwhile=_meanwhile(before, stages),
        quorum=_told(stages),
        warnings=(*plan.warnings, *connection_warnings(facts, after), *told),
        approvals=max(plan.approvals, FORCED_APPROVALS) if forced else plan.approvals,
        subject=FORCE if forced else plan.subject,
    )


def permit_step(facts: Facts, plan: Plan, step: Step) -> None:
    """Raise Refused where ``step``, with the facts as they are just before it, may not be taken.

    It is judged as ``plan`` was, with what is left of its track. Only a plan that was found to need force when it was
    made, so that two others agreed, may do what needs force now.
    """
    if not step.operation.weakens:
        return
    forced = plan.subject == FORCE
    rest = [later for later in plan.steps[plan.steps.index(step) :] if later.track == step.track]
    now = raft_members(facts)
    _refuse_loss(facts, step.operation, now, step.operation.raft(now), forced=forced)
    fatal = _fatal(facts, rest)
    if fatal and not forced:
        true_now = "That was not so when this was planned. The steps before it are done, and this one is not begun."
        raise _refused_fatal(facts, *fatal, _or_force(plan, "Or ask again and"), true_now)


def _refuse_losses(facts: Facts, plan: Plan) -> None:
    stages = _stages(raft_members(facts), plan.steps)
    for step, (now, then) in zip(plan.steps, pairwise(stages), strict=True):
        _refuse_loss(facts, step.operation, now, then, forced=plan.force == "given")


def _stages(start: RaftMembers, steps: Sequence[Step]) -> list[RaftMembers]:
    """The members before the first step and after each."""
    stages = [start]
    for step in steps:
        stages.append(step.operation.raft(stages[-1]))
    return stages


def _fatal(facts: Facts, steps: Sequence[Step]) -> tuple[RaftMembers, RaftMembers] | None:
    """Members before and after these steps, where one failure is survived before and not after; None if nowhere."""
    for start in possible_raft_members(facts):
        after = _stages(start, steps)[-1]
        if after.reachable and quorum_of(start).tolerates > 0 >= quorum_of(after).tolerates:
            return start, after
    return None


def _refuse_loss(facts: Facts, operation: Operation, now: RaftMembers, then: RaftMembers, *, forced: bool) -> None:
    """Also what seems to be lost before is refused: the managers notice a return late (docs/decisions/0019)."""
    if now == then:
        return
    before, after = quorum_of(now), quorum_of(then)
    if not after.managers:
        if before.managers and not forced:
            raise _refused_end(facts, operation)
        return
    if after.tolerates >= 0:
        return
    if before.tolerates < 0:
        raise _refused_lost(facts, operation, before)
    raise Refused(
        f"{operation.doing} would leave {after.reachable} of {after.managers} managers reachable and {facts.name} "
        "without a quorum.",
        true_now="This was not begun.",
        next_step=strengthening_step(facts, now, then, wanted=0),
    )


def _refused_lost(facts: Facts, operation: Operation, quorum: Quorum) -> Refused:
    return Refused(
        f"{facts.name} has no quorum ({quorum_text(quorum)}): {operation.doing} could not be agreed on.",
        true_now="This was not begun.",
        next_step="`/swarm status` shows what is wrong; `/swarm recover` is for managers that do not come back.",
    )


def _refused_end(facts: Facts, operation: Operation) -> Refused:
    return Refused(
        f"{operation.doing} would end {facts.name}: it is the last manager, and services, networks, secrets and "
        "configs go with it.",
        true_now="Nothing was changed.",
        next_step=f"To end {facts.name} for good add `--force`; {FORCED_APPROVALS} others must agree.",
    )


def _refused_fatal(
    facts: Facts, before: RaftMembers, after: RaftMembers, force: str, true_now: str = "Nothing was changed."
) -> Refused:
    was, becomes = quorum_of(before), quorum_of(after)
    back = [node for node, up in raft_members(facts).reachable.items() if before.reachable[node] and not up]
    return Refused(
        f"after it one failure would be fatal to {facts.name}, which survives {was.tolerates} now"
        f"{f' if {listed(member_names(facts, back))} is back' if back else ''}: "
        f"{becomes.reachable} of {becomes.managers} managers would be reachable, and {becomes.needed} are needed"
        f"{', but not all reach each other' if becomes.cut else ''}.",
        true_now=true_now,
        next_step=strengthening_step(facts, after, after, wanted=1) + force,
    )


def _or_force(plan: Plan, how: str) -> str:
    return f" {how} add `--force`; {FORCED_APPROVALS} others must agree." if plan.force else ""


def _effect(facts: Facts, before: RaftMembers, stages: list[RaftMembers]) -> str:
    after = stages[-1]
    if not after.reachable:
        return f"{facts.name} ends"
    if after == before:
        return ""
    return quorum_change_text(quorum_of(before), quorum_of(after))


def _meanwhile(before: RaftMembers, stages: list[RaftMembers]) -> tuple[str, ...]:
    """What holds only while the plan runs."""
    was, becomes = quorum_of(before), quorum_of(stages[-1])
    worst = min(map(quorum_of, stages), key=lambda quorum: quorum.tolerates)
    told = [f"For a while {quorum_text(worst)}."] if stages[-1] == before else []
    if was.tolerates > 0 >= worst.tolerates and becomes.tolerates > 0:
        told.append("While it runs, one more failure loses the quorum.")
    return tuple(told)


def _told(stages: list[RaftMembers]) -> tuple[str, ...]:
    """What is left after each step that changes it."""
    lines = [f"now {_left(stages[0])}"]
    for number, (now, then) in enumerate(pairwise(stages), 1):
        if now != then and then.reachable:
            lines.append(f"after step {number}: {_left(then)}")
    return tuple(lines)


def _left(members: RaftMembers) -> str:
    quorum = quorum_of(members)
    return f"{quorum.reachable} of {quorum.managers} reachable, {quorum.needed} needed"
