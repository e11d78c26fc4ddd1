"""The quorum gate. Every plan passes it when it is made, and every step that takes a manager away passes it again.

Pure. The rules:

- A plan that would lose quorum at any step is refused, with or without ``--force``.
- A plan that removes the last manager, and so ends the cluster, is refused unless forced.
- A plan after which the cluster tolerates no failure, while it tolerates one now, is refused unless forced.
- A forced plan needs two approvals.
- A step is judged by the same rules, together with the steps that follow it. If the facts have become worse since the
  plan was made, the step may only do what the plan was forced to do then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from bot.errors import Refused
from bot.model import Facts, Operation, Plan, RaftMembers, Step
from bot.swarm.quorum.advice import connection_warnings, manager_warnings, member_names, strengthening_step
from bot.swarm.quorum.arithmetic import Quorum, managers_text, quorum_change_text, quorum_counts, quorum_of, quorum_text
from bot.swarm.quorum.lost_managers import missing_managers, regain_text
from bot.swarm.quorum.members import possible_raft_members, raft_members
from bot.text.suggest import listed, number_of

FORCE: Final = "force"
"""The name that the rules of swarmbot.yml use for an order that needs ``--force``."""
FORCED_APPROVALS: Final = 2
NOTHING_CHANGED: Final = "Nothing was changed."
STEP_NOT_STARTED: Final = "This step was not started."


def judge_plan(facts: Facts, plan: Plan, domain: str) -> Plan:
    """Return the plan with its consequences for the quorum: effect, what is left after each step, warnings, approvals.

    ``domain`` is the node label that names failure domains. Raise Refused if the plan breaks a rule. Raise ValueError
    if the plan takes managers away on several parallel tracks: no order of them could be judged.
    """
    weakening = {step.track for step in plan.steps if step.operation.may_lose_manager}
    if len(weakening) > 1:
        raise ValueError(f"managers would be taken away side by side: {sorted(weakening)}")
    _refuse_losses(facts, plan)
    stages = _stages(raft_members(facts), plan.steps)
    before, after = stages[0], stages[-1]
    warnings = manager_warnings(facts, plan, before, after, domain)
    if not before.reachable or all(stage == before for stage in stages):
        return replace(plan, warnings=(*plan.warnings, *warnings))
    weakened = _weakened(facts, plan.steps)
    if weakened and plan.force != "given":
        raise _refused_weakening(facts, *weakened, _or_force(facts, plan, "Or"))
    forced = bool(weakened) or not after.reachable
    return replace(
        plan,
        effect=", ".join(filter(None, (plan.effect, _effect(facts, before, stages)))),
        meanwhile=_meanwhile(before, stages),
        quorum=_stage_lines(stages),
        warnings=(*plan.warnings, *connection_warnings(facts, after), *warnings),
        approvals=max(plan.approvals, FORCED_APPROVALS) if forced else plan.approvals,
        subject=FORCE if forced else plan.subject,
    )


def permit_step(facts: Facts, plan: Plan, step: Step) -> None:
    """Raise Refused if ``step`` may not run with the facts as they are just before it.

    The step is judged together with the rest of its track. Only a plan that needed force when it was made, and so has
    two approvals, may do what needs force now.
    """
    if not step.operation.may_lose_manager:
        return
    forced = plan.subject == FORCE
    rest = [later for later in plan.steps[plan.steps.index(step) :] if later.track == step.track]
    now = raft_members(facts)
    _refuse_loss(facts, step.operation, now, step.operation.raft(now), STEP_NOT_STARTED, forced=forced)
    weakened = _weakened(facts, rest)
    if weakened and not forced:
        true_now = f"This was not so when the plan was made. The steps before this one are done. {STEP_NOT_STARTED}"
        raise _refused_weakening(facts, *weakened, _or_force(facts, plan, "Or run the command again and"), true_now)


def _refuse_losses(facts: Facts, plan: Plan) -> None:
    stages = _stages(raft_members(facts), plan.steps)
    for step, (now, then) in zip(plan.steps, pairwise(stages), strict=True):
        _refuse_loss(facts, step.operation, now, then, NOTHING_CHANGED, forced=plan.force == "given")


def _stages(start: RaftMembers, steps: Sequence[Step]) -> list[RaftMembers]:
    """Return the members before the first step and after each step."""
    stages = [start]
    for step in steps:
        stages.append(step.operation.raft(stages[-1]))
    return stages


def _weakened(facts: Facts, steps: Sequence[Step]) -> tuple[RaftMembers, RaftMembers] | None:
    """Return the members before and after these steps if only the former tolerate a failure; None otherwise."""
    for start in possible_raft_members(facts):
        after = _stages(start, steps)[-1]
        if after.reachable and quorum_of(start).tolerates > 0 >= quorum_of(after).tolerates:
            return start, after
    return None


def _refuse_loss(
    facts: Facts, operation: Operation, now: RaftMembers, then: RaftMembers, true_now: str, *, forced: bool
) -> None:
    """Raise Refused if the operation loses quorum, or needs a quorum that seems to be lost.

    The latter may be back already: managers notice the return of a manager late (docs/decisions/0019).
    """
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
        raise _refused_without_quorum(facts, operation, before, true_now)
    raise Refused(
        f"{operation.doing} would lose quorum in {facts.name}: {managers_text(after)} would be "
        f"reachable, {_needed(after)}.",
        true_now=true_now,
        next_step=strengthening_step(facts, now, then, wanted=0),
    )


def _refused_without_quorum(facts: Facts, operation: Operation, quorum: Quorum, true_now: str) -> Refused:
    regain = regain_text(quorum, *missing_managers(facts, facts.swarm)) if facts.swarm else ""
    return Refused(
        f"{facts.name} has no quorum ({quorum_counts(quorum)}), so {operation.doing} is not possible now.",
        true_now=true_now,
        next_step=regain or "`/swarm status` shows how to fix this.",
    )


def _refused_end(facts: Facts, operation: Operation) -> Refused:
    return Refused(
        f"{operation.doing} would end {facts.name}: it is the last manager. All services, networks, secrets and "
        "configs would be lost.",
        true_now=NOTHING_CHANGED,
        next_step=f"To end {facts.name} permanently, add `--force`. This needs {_force_needs(facts)}.",
    )


def _refused_weakening(
    facts: Facts, before: RaftMembers, after: RaftMembers, force: str, true_now: str = NOTHING_CHANGED
) -> Refused:
    was, becomes = quorum_of(before), quorum_of(after)
    back = [node for node, up in raft_members(facts).reachable.items() if before.reachable[node] and not up]
    condition = f" if {listed(member_names(facts, back))} is back" if back else ""
    return Refused(
        f"{facts.name} tolerates {number_of(was.tolerates, 'failure')} now{condition} and would "
        f"tolerate none after this: {managers_text(becomes)} would be reachable, "
        f"{_needed(becomes)}{', and not all of them reach each other' if becomes.cut else ''}.",
        true_now=true_now,
        next_step=strengthening_step(facts, after, after, wanted=1) + force,
    )


def _needed(quorum: Quorum) -> str:
    return f"{quorum.needed} {'is' if quorum.needed == 1 else 'are'} needed"


def _or_force(facts: Facts, plan: Plan, how: str) -> str:
    return f" {how} add `--force`, which needs {_force_needs(facts)}." if plan.force else ""


def _force_needs(facts: Facts) -> str:
    """Return the approvals that ``--force`` needs now, without their number if it is not known."""
    if facts.force_approvals is None:
        return "approval"
    frozen = f", one of them because {facts.name} is frozen" if facts.freeze else ""
    return f"{number_of(facts.force_approvals, 'approval')}{frozen}"


def _effect(facts: Facts, before: RaftMembers, stages: list[RaftMembers]) -> str:
    after = stages[-1]
    if not after.reachable:
        return f"{facts.name} ends"
    if after == before:
        return ""
    return quorum_change_text(quorum_of(before), quorum_of(after))


def _meanwhile(before: RaftMembers, stages: list[RaftMembers]) -> tuple[str, ...]:
    """Return the warnings that apply only while the plan runs."""
    was, becomes = quorum_of(before), quorum_of(stages[-1])
    worst = min(map(quorum_of, stages), key=lambda quorum: quorum.tolerates)
    warnings = [f"While this runs: {quorum_text(worst)}."] if stages[-1] == before else []
    if was.tolerates > 0 >= worst.tolerates and becomes.tolerates > 0:
        warnings.append("While this runs, one more failure loses quorum.")
    return tuple(warnings)


def _stage_lines(stages: list[RaftMembers]) -> tuple[str, ...]:
    """Return the counts now, and after each step that changes them."""
    lines = [f"now {_counts(stages[0])}"]
    for number, (now, then) in enumerate(pairwise(stages), 1):
        if now != then and then.reachable:
            lines.append(f"after step {number}: {_counts(then)}")
    return tuple(lines)


def _counts(members: RaftMembers) -> str:
    quorum = quorum_of(members)
    return f"{quorum.reachable} of {quorum.managers} reachable, {quorum.needed} needed"
