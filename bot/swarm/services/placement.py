"""Where tasks may run: which nodes meet a service's constraints, and what a node's going leaves without a place. Pure.

Resources are not weighed: what does not fit for want of them is seen when the scheduler has said so.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from bot.blocks import tick
from bot.model import ClusterFacts, Facts, NodeFacts, ServiceFacts
from bot.text.suggest import listed

_CONSTRAINT: Final = re.compile(r"\s*(?P<key>[^\s=!]+)\s*(?P<how>==|!=)\s*(?P<value>.*?)\s*")
LABEL: Final = "node.labels."


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """What a node runs: how many tasks of which service; those of global services go with it and move nowhere."""

    tasks: int
    movable: tuple[tuple[ServiceFacts, int], ...]

    @property
    def moving(self) -> int:
        """How many tasks are started elsewhere when the node takes none."""
        return sum(count for _, count in self.movable)


def node_load(swarm: ClusterFacts, node: NodeFacts) -> NodeLoad:
    """What ``node`` runs, of facts that were read with services and the task list."""
    counts = Counter(task.service for task in swarm.task_list if task.node == node.id and task.alive)
    movable = tuple((service, counts[service.id]) for service in swarm.services if _moves(service, counts))
    return NodeLoad(counts.total(), movable)


def meets_constraints(node: NodeFacts, service: ServiceFacts) -> bool:
    """Whether a node meets a service's constraints, as swarmkit compares them: without regard to case.

    A label that is not there counts as empty. Constraints on what facts do not hold (platform, engine labels, address)
    count as met.
    """
    return all(_met(node, constraint) for constraint in service.constraints)


def schedulable_nodes(swarm: ClusterFacts) -> list[NodeFacts]:
    """The nodes that take new tasks now."""
    return [node for node in swarm.nodes if node.state == "ready" and node.availability == "active"]


def unplaceable_warnings(facts: Facts, node: NodeFacts) -> list[str]:
    """Warnings: what can run nowhere once ``node`` takes no tasks."""
    swarm = facts.swarm
    if swarm is None:
        return []
    others = [other for other in schedulable_nodes(swarm) if other.id != node.id]
    if not others:
        return [f"No other node of {facts.name} takes tasks: nothing runs until one does."]
    return [
        f"{tick(service.name)} ({task_count(count)} here) can run on no other active node: "
        f"{listed(map(tick, service.constraints))}."
        for service, count in node_load(swarm, node).movable
        if not any(meets_constraints(other, service) for other in others)
    ]


def eviction_warnings(facts: Facts, before: NodeFacts, after: NodeFacts) -> list[str]:
    """Warnings: whose tasks must leave a node that changes, its services' constraints being met no longer."""
    if facts.swarm is None:
        return []
    counts = Counter(task.service for task in facts.swarm.task_list if task.node == before.id and task.alive)
    return [
        f"{tick(service.name)} asks for {listed(map(tick, service.constraints))}: its {task_count(counts[service.id])} "
        f"must leave {tick(before.name)}."
        for service in facts.swarm.services
        if counts[service.id] and meets_constraints(before, service) and not meets_constraints(after, service)
    ]


def task_count(tasks: int) -> str:
    """``1 task``, ``3 tasks``."""
    return f"{tasks} task{'' if tasks == 1 else 's'}"


def _moves(service: ServiceFacts, counts: Counter[str]) -> bool:
    return counts[service.id] > 0 and not service.is_global


def _met(node: NodeFacts, constraint: str) -> bool:
    found = _CONSTRAINT.fullmatch(constraint)
    has = _value(node, found["key"]) if found else None
    if found is None or has is None:
        return True
    return (has.casefold() == found["value"].casefold()) == (found["how"] == "==")


def _value(node: NodeFacts, key: str) -> str | None:
    """What a constraint's key stands for on a node; None where facts do not tell."""
    if key.lower().startswith(LABEL):
        return node.labels.get(key[len(LABEL) :], "")
    return {"node.id": node.id, "node.hostname": node.hostname, "node.role": node.role}.get(key.lower())
