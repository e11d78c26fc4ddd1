"""Where tasks can run: which nodes meet a service's constraints, and which services lose their last node. Pure.

Resources are not considered: whether a task fits on a node is known only once the scheduler has tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks import tick
from bot.model import ClusterFacts, Facts, NodeFacts, ServiceFacts, TaskFacts
from bot.swarm.services.placement.constraints import unmet_constraints
from bot.text.suggest import listed, number_of


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """The tasks that run on a node."""

    tasks: int
    """The number of all tasks."""
    movable: tuple[tuple[ServiceFacts, int], ...]
    """Services and their numbers of tasks on this node, without global services, whose tasks are not moved."""

    @property
    def moving(self) -> int:
        """Return how many tasks are started on other nodes when this one is drained."""
        return sum(count for _, count in self.movable)


def node_load(swarm: ClusterFacts, node: NodeFacts) -> NodeLoad:
    """Return what ``node`` runs. The facts must have been read with services and the task list."""
    counts = Counter(task.service for task in swarm.task_list if task.node == node.id and task.alive)
    movable = tuple((service, counts[service.id]) for service in swarm.services if _moves(service, counts))
    return NodeLoad(counts.total(), movable)


def meets_constraints(node: NodeFacts, service: ServiceFacts) -> bool:
    """Return whether a node meets a service's constraints. Like SwarmKit, this ignores upper and lower case.

    A missing label counts as empty. Constraints on values that the facts do not have count as met.
    """
    return not any(obstacle.known for obstacle in unmet_constraints(node, service.constraints))


def is_judged(swarm: ClusterFacts, service: ServiceFacts) -> bool:
    """Return whether the facts say of each node whether it meets the service's constraints."""
    return all(each.known for node in swarm.nodes for each in unmet_constraints(node, service.constraints))


def global_count(swarm: ClusterFacts, service: ServiceFacts) -> int:
    """Return how many tasks of a global service or job should be made from its present spec.

    There should be one for each node that accepts tasks: on a paused node Docker leaves the old one. Where the facts
    cannot judge a constraint, only the managers' count is known.
    """
    if not is_judged(swarm, service):
        return service.desired
    return sum(meets_constraints(node, service) for node in schedulable_nodes(swarm))


def schedulable_nodes(swarm: ClusterFacts) -> list[NodeFacts]:
    """Return the nodes that accept new tasks now."""
    return [node for node in swarm.nodes if node.accepts_tasks]


def misplaced_tasks(swarm: ClusterFacts, service: ServiceFacts) -> list[TaskFacts]:
    """Return the tasks of a service that its constraints do not allow to stay."""
    nodes = {node.id: node for node in swarm.nodes}
    own = [task for task in swarm.tasks_of(service.id) if task.alive and task.wanted]
    return [task for task in own if task.node in nodes and not meets_constraints(nodes[task.node], service)]


def alone_warnings(facts: Facts, nodes: Sequence[NodeFacts]) -> list[str]:
    """Return a warning if only ``nodes`` accept tasks, unless their tasks make it a cost of the plan."""
    swarm = facts.swarm
    if swarm is None or not nodes or any(node_load(swarm, node).tasks for node in nodes):
        return []
    if any(other not in nodes for other in schedulable_nodes(swarm)):
        return []
    return [f"No other node of {facts.name} accepts tasks: no task can start until one does."]


def eviction_warnings(facts: Facts, before: NodeFacts, after: NodeFacts) -> list[str]:
    """Return a warning for each service whose tasks must move because a node no longer meets the constraints.

    A service that no other node can run is a cost of the plan instead.
    """
    if facts.swarm is None:
        return []
    others = [other for other in schedulable_nodes(facts.swarm) if other.id != before.id]
    counts = Counter(task.service for task in facts.swarm.task_list if task.node == before.id and task.alive)
    return [
        f"{tick(service.name)} requires {listed(map(tick, service.constraints))}: its "
        f"{number_of(counts[service.id], 'task')} must leave {tick(before.name)}."
        for service in facts.swarm.services
        if counts[service.id] and meets_constraints(before, service) and not meets_constraints(after, service)
        if any(meets_constraints(other, service) for other in others)
    ]


def _moves(service: ServiceFacts, counts: Counter[str]) -> bool:
    return counts[service.id] > 0 and not service.is_global
