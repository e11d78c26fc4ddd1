"""Drain nodes without a gap: services that would have too few running tasks start them elsewhere first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.blocks import tick
from bot.errors import Refused
from bot.model import Cost, Facts, NodeFacts, Plan, Step
from bot.swarm.operations import Drain, MoveService, RestoreSpec
from bot.swarm.services.gapless import MIN_AVAILABLE, Shortage, health_warnings, shortages
from bot.text.suggest import listed


def without_gap(facts: Facts, plan: Plan, nodes: Sequence[NodeFacts], *, now: bool, force: bool) -> Plan:
    """Return a plan that drains ``nodes`` with the steps that avoid gaps; what cannot be avoided is its cost.

    ``now`` avoids none. Raise Refused if fewer tasks would run than a service's label asks for, unless ``force``.
    """
    found = shortages(facts, nodes)
    moves = [] if now else [each for each in found if not each.gap]
    gaps = [each for each in found if each not in moves]
    if not force:
        _refuse_too_few(gaps, nodes, now=now)
    return replace(
        plan,
        steps=_around(plan.steps, moves, nodes) if moves else plan.steps,
        costs=tuple(
            Cost(f"gap of {each.service.name}", f"{each.cost} {each.gap}".rstrip())
            for each in gaps
            if not each.stranded
        ),
        warnings=(*plan.warnings, *health_warnings(moves)),
    )


def _refuse_too_few(gaps: Sequence[Shortage], nodes: Sequence[NodeFacts], *, now: bool) -> None:
    below = [each for each in gaps if each.labelled and each.remaining < each.minimum]
    if not below:
        return
    sentences = [
        f"The label `{MIN_AVAILABLE}` of {tick(each.service.name)} asks for {each.minimum}, "
        f"and {each.remaining or 'none'} would run. {each.gap}".rstrip()
        for each in below
    ]
    names = [node.name for node in nodes]
    order = " ".join(["/swarm drain", *names, *(["--now"] if now else []), "--force"])
    raise Refused(
        f"draining {listed(map(tick, names))} leaves too few tasks. {' '.join(sentences)}",
        true_now="Nothing was changed.",
        next_step=f"`{order}` drains it nevertheless.",
    )


def _around(steps: Sequence[Step], moves: Sequence[Shortage], nodes: Sequence[NodeFacts]) -> tuple[Step, ...]:
    """Return the steps, with moves of services before the first drain, and what takes them back after the last.

    The nodes are drained one after the other: a service whose tasks are on several is not short on any.
    """
    ids, names = tuple(node.id for node in nodes), tuple(node.name for node in nodes)
    drains = [step for step in steps if isinstance(step.operation, Drain)]
    tracks = [step.track for step in drains]
    chained = dict(zip(drains[1:], tracks, strict=False))
    found: list[Step] = []
    for step in steps:
        if step is drains[0]:
            found += [Step(MoveService(each.service.id, each.service.name, ids, names), step.track) for each in moves]
        found.append(replace(step, after=chained[step]) if step in chained else step)
        if step is drains[-1]:
            found += [Step(RestoreSpec(each.service.id, each.service.name), step.track, always=True) for each in moves]
    return tuple(found)
