"""What a plan costs services: tasks that stop and that no node can run afterwards. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.blocks import tick
from bot.model import ClusterFacts, Cost, Facts, NodeFacts, ServiceFacts, Step
from bot.swarm.services.placement.eligible_nodes import meets_constraints
from bot.text.suggest import listed, number_of


def service_costs(facts: Facts, steps: Sequence[Step]) -> tuple[Cost, ...]:
    """Return a cost for each service that loses tasks which no node can run after ``steps``.

    The steps are judged together: a node that the same plan drains takes no tasks. Empty if the facts have no tasks.
    """
    swarm = facts.swarm
    if swarm is None:
        return ()
    after = {node.id: _after(node, steps) for node in swarm.nodes}
    stopping = {service.id: _stopping(swarm, service, after) for service in swarm.services}
    losing = [service for service in swarm.services if stopping[service.id]]
    takers = [node for node in after.values() if node.accepts_tasks]
    if losing and not takers:
        return (Cost("every service", f"No other node of {facts.name} accepts tasks: no service runs until one does."),)
    return tuple(
        _cost(service, stopping[service.id])
        for service in losing
        if not any(meets_constraints(node, service) for node in takers)
    )


def _after(node: NodeFacts, steps: Sequence[Step]) -> NodeFacts:
    for step in steps:
        node = step.operation.record(node)
    return node


def _stopping(swarm: ClusterFacts, service: ServiceFacts, after: dict[str, NodeFacts]) -> Counter[str]:
    """Return how many tasks of the service stop, by the name of the node that can no longer keep them."""
    left = {node.id: node for node in swarm.nodes if _keeps(node, service) and not _keeps(after[node.id], service)}
    return Counter(left[task.node].name for task in swarm.tasks_of(service.id) if task.alive and task.node in left)


def _keeps(node: NodeFacts, service: ServiceFacts) -> bool:
    return node.state == "ready" and node.availability != "drain" and meets_constraints(node, service)


def _cost(service: ServiceFacts, stopping: Counter[str]) -> Cost:
    tasks = f"{number_of(stopping.total(), 'task')} on {listed(map(tick, stopping))}"
    text = (
        f"{tick(service.name)} ({tasks}) cannot run on any other active node. "
        f"Its constraints: {listed(map(tick, service.constraints))}."
    )
    return Cost(f"service {service.name}", text)
