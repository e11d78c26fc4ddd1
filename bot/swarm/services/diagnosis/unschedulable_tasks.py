"""Whether new tasks of a service find a node: they are placed one by one, by the scheduler's rules. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bot.blocks import tick
from bot.model import ClusterFacts, NodeFacts, ServiceFacts, TaskFacts
from bot.swarm.services.diagnosis.diagnosis import nodes_by_obstacle
from bot.swarm.services.placement.eligible_nodes import misplaced_tasks
from bot.swarm.services.placement.scheduling import Verdict, candidates, judge, need_of, verdicts
from bot.swarm.services.rollout.rollout_time import batch_size
from bot.swarm.services.spec.spec_changes import Restarts
from bot.text.suggest import listed, number_of

MAX_PLACED: Final = 30
"""At most this many tasks are placed: a plan must not take long."""
MAX_NODES: Final = 6
"""The number of nodes that a reason names."""


def unschedulable_warnings(
    swarm: ClusterFacts, before: ServiceFacts, after: ServiceFacts, restarts: Restarts
) -> list[str]:
    """Return a warning if some of the new tasks find no node. ``after`` has the new spec.

    With order stop-first, a task stops before its successor starts, so its room is free. Unknown values do not count
    against a node.
    """
    count, leaving = _new_tasks(swarm, before, after, restarts)
    gone = {id(task) for task in leaving}
    left = replace(swarm, task_list=tuple(task for task in swarm.task_list if id(task) not in gone))
    placed, refusing = _placed(left, after, min(count, MAX_PLACED))
    if placed >= min(count, MAX_PLACED):
        return []
    reasons = [f"{_nodes(nodes)}: {text}" for text, nodes in nodes_by_obstacle(refusing).items() if text]
    missing = f"{count - placed} of {number_of(count, 'new task')}" if count > 1 else "The new task"
    verb = "find" if count - placed > 1 else "finds"
    return [f"{missing} of {tick(after.name)} {verb} no node: {' · '.join(reasons)}."]


def _new_tasks(
    swarm: ClusterFacts, before: ServiceFacts, after: ServiceFacts, restarts: Restarts
) -> tuple[int, list[TaskFacts]]:
    """Return how many tasks start, and which stop before.

    For a global service no task starts: each of its nodes has one.
    """
    own = [task for task in swarm.tasks_of(after.id) if task.alive]
    if after.is_global:
        return 0, []
    if restarts == "all":
        beside = (after.spec.get("UpdateConfig") or {}).get("Order") == "start-first"
        return (batch_size(after, after.replicas), []) if beside else (after.replicas, own)
    moving = misplaced_tasks(swarm, after) if restarts == "some" else []
    return max(0, after.replicas - before.replicas) + len(moving), moving


def _placed(swarm: ClusterFacts, service: ServiceFacts, count: int) -> tuple[int, list[Verdict]]:
    """Return how many of ``count`` tasks find a node, and the verdicts on the first one that does not."""
    need = need_of(service)
    found = verdicts(swarm, need)
    for placed in range(count):
        takers = [verdict.node for verdict in found if not verdict.refused]
        if not takers:
            return placed, found
        node = takers[0]
        task = TaskFacts(service.id, node.id, "running", wanted=True, spec=service.template)
        swarm = replace(swarm, task_list=(*swarm.task_list, task))
        [candidate] = candidates(swarm, [node])
        again = judge(candidate, need)
        found = [again if verdict.node.id == node.id else verdict for verdict in found]
    return count, found


def _nodes(nodes: Iterable[NodeFacts]) -> str:
    return listed((tick(node.name) for node in nodes), limit=MAX_NODES)
