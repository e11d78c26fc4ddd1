"""What fixes a service whose tasks do not run, as commands that can be typed as they stand. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from bot.blocks import tick
from bot.model import ClusterFacts, ServiceFacts
from bot.swarm.services.diagnosis.diagnosis import Diagnosis, Unplaced
from bot.swarm.services.diagnosis.log_lines import task_names
from bot.swarm.services.placement.obstacle import Obstacle
from bot.swarm.services.placement.scheduling import Verdict
from bot.swarm.services.rollout.rollback_advice import rollback_helps
from bot.swarm.services.spec.spec_changes import spec_changes

MAX_NODES: Final = 2
"""Commands are named for at most this many nodes: one of them is enough."""
PER_NODE: Final = frozenset({"resources", "host ports", "max replicas"})
"""Filters by which a node accepts some tasks of a service, but not more."""


def remedies(
    swarm: ClusterFacts, service: ServiceFacts, diagnosis: Diagnosis, good: Mapping[str, Any] | None = None
) -> list[str]:
    """Return what to do, each with its command in backticks. Commands about nodes come first.

    ``good``: the last good spec, if one is kept.
    """
    steps = [step for group in diagnosis.unplaced if not group.taker for step in _for_unplaced(swarm, service, group)]
    if any("No such image" in failing.last.error for failing in diagnosis.failing):
        steps.append(f"use an image that its nodes can pull: {_order(f'update {service.name} --image IMAGE')}")
    other = rollback_helps(swarm, service)
    rollback = _order(f"rollback {service.name}")
    if service.update is not None and service.update.state == "paused" and other:
        steps.append(f"return to the spec before: {rollback}")
    elif other and _new_constraints(service) and any(map(_is_constrained, diagnosis.unplaced)):
        steps.insert(0, f"its constraints came with the last update, so return to the spec before: {rollback}")
    elif not diagnosis.well and not other and good is not None and spec_changes(service.spec, good):
        steps.append(f"return to the last spec whose tasks ran: {_order(f'rollback {service.name} --last-good')}")
    if logged := [
        failing
        for failing in diagnosis.failing
        if failing.reading and failing.reading.log and failing.reading.log.lines
    ]:
        names = task_names(swarm, [logged[0].last])
        steps.append(f"{_order(f'logs {names[logged[0].last.id]}')} shows more lines")
    elif diagnosis.failing and not steps:
        steps.append(f"{_order(f'ps {service.name} --all')} shows how its tasks ended")
    return [*dict.fromkeys(steps)]


def _new_constraints(service: ServiceFacts) -> set[str]:
    """Return the constraints that the spec before did not have."""
    before = replace(service, spec=service.previous_spec or {})
    return {*service.constraints} - {*before.constraints}


def _is_constrained(group: Unplaced) -> bool:
    """Return whether no node accepts the tasks because of constraints."""
    seen = {each.filter for verdict in group.verdicts for each in verdict.refused}
    return not group.taker and "constraints" in seen


def _for_unplaced(swarm: ClusterFacts, service: ServiceFacts, group: Unplaced) -> Iterator[str]:
    """Yield the fixes that give the tasks a node; a change of the service only if no command about a node helps."""
    gentle = [verdict for verdict in group.verdicts if not any(each.overwrites for each in verdict.refused)]
    ways = (_fixes(gentle, _fix) or _fixes(group.verdicts, _fix))[:MAX_NODES]
    if ways:
        yield " or ".join(" and ".join(way) for way in ways)
    down = (verdict for verdict in group.verdicts if verdict.node.state != "ready" and verdict.node.host)
    away = [verdict.node for verdict in down if not _is_too_small(verdict)]  # it would not accept the tasks either
    for node in away[:MAX_NODES]:
        yield f"{_order(f'check {node.host}')} shows why {tick(node.name)} is {node.state}"
    placed = sum(task.wanted and task.alive for task in swarm.tasks_of(service.id))
    if service.mode == "replicated" and placed and any(_is_full(verdict) for verdict in group.verdicts):
        yield f"run only as many tasks as fit: {_order(f'scale {service.name}={placed}')}"
    holders = [each.holder for verdict in group.verdicts for each in verdict.refused if each.holder]
    if not ways and not placed and holders:
        yield f"{_order(f'service {holders[0]}')} shows the service that has the port"
    if not ways and (less := _fixes(group.verdicts, lambda each: each.spec_fix)):
        changed = " ".join(less[0])
        yield f"require less: {_order(f'update {service.name} {changed}')}"


def _fixes(verdicts: Iterable[Verdict], fix_of: Callable[[Obstacle], str]) -> list[list[str]]:
    """Return for each node the fixes that remove all its obstacles, the fewest first.

    Nodes without a fix are omitted.
    """
    found = [[*dict.fromkeys(map(fix_of, verdict.refused))] for verdict in verdicts if verdict.refused]
    return sorted((fixes for fixes in found if all(fixes)), key=len)


def _fix(obstacle: Obstacle) -> str:
    """Return the command about the node, with the label that it replaces; "" if there is none."""
    if not obstacle.fix:
        return ""
    return f"{_order(obstacle.fix)}{f' (replaces {tick(obstacle.overwrites)})' if obstacle.overwrites else ''}"


def _is_full(verdict: Verdict) -> bool:
    return {each.filter for each in verdict.refused} <= PER_NODE


def _is_too_small(verdict: Verdict) -> bool:
    return any(each.filter == "resources" for each in verdict.refused)


def _order(words: str) -> str:
    return tick(f"/swarm {words}")
