"""The quorum gate: every plan passes it when it is made, and every step that takes a manager away just before it.

Pure. Lost is a quorum that was there and would not be; fatal is one failure that was survived before and would not be.
What would lose the quorum at any step is refused, whoever agrees. That the last manager goes, which ends the cluster,
and what leaves one failure fatal when all is done, is refused unless forced, and then waits for two others' yes.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

from bot.errors import Refused
from bot.plan import Facts, Members, Operation, Plan, newcomer
from bot.slack.blocks import tick
from bot.spelling import listed
from bot.swarm.quorum.advice import advice
from bot.swarm.quorum.arithmetic import Quorum, count, members_of, possible
from bot.swarm.quorum.words import effect, standing

FORCE: Final = "force"
"""What the rules of swarmbot.yml call an order that only ``--force`` lets through."""
FORCED_APPROVALS: Final = 2


def judge(facts: Facts, plan: Plan, domain: str) -> Plan:
    """The plan with what it means for the quorum: its effect, what is left after each step, warnings, approvals.

    ``domain`` is the label that tells failure domains apart. Raises Refused; ValueError for a plan that takes managers
    away on several tracks, side by side, where no order of them could be judged.
    """
    weakening = {step.track for step in plan.steps if step.operation.weakens}
    if len(weakening) > 1:
        raise ValueError(f"managers would be taken away side by side: {sorted(weakening)}")
    for start in possible(facts):
        _refuse_losses(facts, plan, start)
    stages = _stages(members_of(facts), plan)
    before, after = stages[0], stages[-1]
    if all(stage == before for stage in stages):
        return plan
    forced = not after.reachable or _fatal(count(before), count(after))
    if forced and plan.force != "given":
        raise _refused_fatal(facts, plan, before, after)
    return replace(
        plan,
        effect=", ".join(filter(None, (plan.effect, _effect(facts, before, stages)))),
        quorum=_told(stages),
        warnings=(*plan.warnings, *_passing(before, stages), *advice(facts, plan, before, after, domain)),
        approvals=max(plan.approvals, FORCED_APPROVALS) if forced else plan.approvals,
        subject=FORCE if forced else plan.subject,
    )


def permit(operation: Operation, facts: Facts, *, forced: bool) -> None:
    """Raise Refused where this step, with the facts as they are just before it, would lose the quorum."""
    if operation.weakens:
        for now in possible(facts):
            _refuse_loss(facts, operation, now, operation.raft(now), forced=forced)


def _refuse_losses(facts: Facts, plan: Plan, start: Members) -> None:
    for step, (now, then) in zip(plan.steps, pairwise(_stages(start, plan)), strict=True):
        _refuse_loss(facts, step.operation, now, then, forced=plan.force == "given")


def _stages(start: Members, plan: Plan) -> list[Members]:
    """The members before the first step and after each."""
    stages = [start]
    for step in plan.steps:
        stages.append(step.operation.raft(stages[-1]))
    return stages


def _refuse_loss(facts: Facts, operation: Operation, now: Members, then: Members, *, forced: bool) -> None:
    if now == then:
        return
    before, after = count(now), count(then)
    if not after.managers:
        if before.managers and not forced:
            raise _refused_end(facts, operation)
        return
    if after.survives >= 0 or (before.survives < 0 and forced):
        return
    if before.survives < 0:
        raise _refused_lost(facts, operation, before)
    raise Refused(
        f"{operation.doing} would leave {after.reachable} of {after.managers} managers reachable and {facts.name} "
        "without a quorum.",
        true_now="Nothing was changed by it.",
        next_step=_strengthen(facts, now, then, wanted=0),
    )


def _refused_lost(facts: Facts, operation: Operation, quorum: Quorum) -> Refused:
    return Refused(
        f"{facts.name} has no quorum ({standing(quorum)}): {operation.doing} could not be agreed on.",
        true_now="Nothing was changed by it.",
        next_step="`/swarm status` shows what is wrong; `/swarm recover` is for managers that do not come back.",
    )


def _refused_end(facts: Facts, operation: Operation) -> Refused:
    return Refused(
        f"{operation.doing} would end {facts.name}: it is the last manager, and services, networks, secrets and "
        "configs go with it.",
        true_now="Nothing was changed.",
        next_step=f"To end {facts.name} for good add `--force`; {FORCED_APPROVALS} others must agree.",
    )


def _refused_fatal(facts: Facts, plan: Plan, before: Members, after: Members) -> Refused:
    was, becomes = count(before), count(after)
    force = f" Or add `--force`; {FORCED_APPROVALS} others must agree." if plan.force == "offered" else ""
    return Refused(
        f"after it one failure would be fatal to {facts.name}, which survives {was.survives} now: "
        f"{becomes.reachable} of {becomes.managers} managers would be reachable, and {becomes.needed} are needed.",
        true_now="Nothing was changed.",
        next_step=_strengthen(facts, after, after, wanted=1) + force,
    )


def _fatal(before: Quorum, after: Quorum) -> bool:
    return before.survives > 0 and after.survives <= 0


def _strengthen(facts: Facts, now: Members, then: Members, *, wanted: int) -> str:
    """What makes more managers reachable ``now``: a new one too, where ``then`` it survives ``wanted`` failures."""
    names = {node.id: node.name for node in (facts.swarm.nodes if facts.swarm else ())}
    missing = [tick(names.get(node, node)) for node, up in now.reachable.items() if not up]
    more = "`/swarm promote NODE` or `/swarm join manager HOST`"
    if not missing:
        return f"Add a manager first: {more}."
    enough = count(then.joined(newcomer("NEW"))).survives >= wanted
    return f"Bring {listed(missing)} back first{f', or add a manager: {more}' if enough else ''}."


def _effect(facts: Facts, before: Members, stages: list[Members]) -> str:
    after = stages[-1]
    if not after.reachable:
        return f"{facts.name} ends"
    if after == before:
        worst = min(map(count, stages), key=lambda quorum: quorum.survives)
        return f"for a while {standing(worst)}"
    return effect(count(before), count(after))


def _passing(before: Members, stages: list[Members]) -> list[str]:
    """What holds only while the plan runs."""
    was, becomes = count(before), count(stages[-1])
    worst = min(count(stage).survives for stage in stages[1:])
    if was.survives > 0 >= worst and becomes.survives > 0:
        return ["While it runs, one more failure loses the quorum."]
    return []


def _told(stages: list[Members]) -> tuple[str, ...]:
    """What is left after each step that changes it."""
    lines = [f"now {_left(stages[0])}"]
    for number, (now, then) in enumerate(pairwise(stages), 1):
        if now != then and then.reachable:
            lines.append(f"after step {number}: {_left(then)}")
    return tuple(lines)


def _left(members: Members) -> str:
    quorum = count(members)
    return f"{quorum.reachable} of {quorum.managers} reachable, {quorum.needed} needed"
