"""Which services would have a gap if nodes were drained, and whether their tasks can start elsewhere first. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.blocks import plain_line, tick
from bot.model import Facts, NodeFacts, ServiceFacts, TaskFacts
from bot.swarm.services.placement.eligible_nodes import meets_constraints, schedulable_nodes
from bot.swarm.services.rollout.paused_rollout import is_paused
from bot.swarm.services.rollout.rollout_time import health_check
from bot.text.suggest import listed, number_of

MIN_AVAILABLE: Final = "swarmbot.min-available"
"""The label of a service that says how many of its tasks must always run; 1 if it has none."""
FAILING_S: Final = 60.0
"""A service with a task that failed within this time may be in a crash loop."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """A service that would have too few running tasks while nodes are drained."""

    service: ServiceFacts
    moving: int
    """How many of its tasks run on the nodes."""
    remaining: int
    """How many run elsewhere."""
    minimum: int
    """How many must always run."""
    gap: str
    """Why its tasks cannot start elsewhere first, a sentence; "" if they can."""
    stranded: bool = False
    """Whether no other active node can run it, which is a cost of the drain in any case."""

    @property
    def labelled(self) -> bool:
        """Whether somebody asked for the minimum by a label."""
        return MIN_AVAILABLE in (self.service.spec.get("Labels") or {})

    @property
    def cost(self) -> str:
        """What a drain at once costs, in one sentence."""
        elsewhere = f"{self.remaining} of its tasks run elsewhere" if self.remaining else "no task of it runs elsewhere"
        count = number_of(self.moving, "task")
        return f"{tick(self.service.name)} loses {count} before new ones run: {elsewhere} until then."


def min_available(service: ServiceFacts) -> int:
    """Return how many tasks must always run: the label's number, at most the replicas; 1 without a valid label."""
    label = str((service.spec.get("Labels") or {}).get(MIN_AVAILABLE, ""))
    wanted = int(label) if label.isascii() and label.isdigit() else 1
    return min(wanted, service.replicas)


def shortages(facts: Facts, nodes: Sequence[NodeFacts]) -> list[Shortage]:
    """Return the services that would have too few running tasks while ``nodes`` are drained, and paused rollouts there.

    Global services and jobs have no replica to start elsewhere. A service whose tasks fail again and again is omitted:
    it is random where its next task starts. The facts must have been read with services and the task list.
    """
    if facts.swarm is None:
        return []
    leaving = {node.id for node in nodes}
    others = [node for node in schedulable_nodes(facts.swarm) if node.id not in leaving]
    found = (_shortage(facts, service, leaving, others) for service in facts.swarm.services)
    return [each for each in found if each is not None]


def _shortage(
    facts: Facts, service: ServiceFacts, leaving: Collection[str], others: Sequence[NodeFacts]
) -> Shortage | None:
    every = facts.swarm.tasks_of(service.id) if facts.swarm else []
    failed = (task for task in every if task.failed)
    if service.mode != "replicated" or any(facts.cluster_time - task.since < FAILING_S for task in failed):
        return None
    tasks = [task for task in every if task.wanted and task.alive]
    moving = sum(task.state == "running" and task.node in leaving for task in tasks)
    remaining = sum(task.state == "running" and task.node not in leaving for task in tasks)
    minimum = min_available(service)
    if not moving or (remaining >= minimum and not is_paused(service.spec)):
        return None
    takers = [node for node in others if meets_constraints(node, service)]
    if not takers:
        return Shortage(service, moving, remaining, minimum, "No other active node can run it.", stranded=True)
    return Shortage(service, moving, remaining, minimum, two_at_once_obstacle(service, moving, takers, tasks))


def health_warnings(shortages: Sequence[Shortage]) -> list[str]:
    """Return a warning for the services that are moved and whose spec has no health check."""
    names = [tick(each.service.name) for each in shortages if not each.gap and not health_check(each.service)]
    if not names:
        return []
    has, its = ("has", "its") if len(names) == 1 else ("have", "their")
    until = "between the start of a new task and the moment when it listens"
    return [f"{listed(names)} {has} no health check in {its} spec: requests may fail {until}."]


def two_at_once_obstacle(
    service: ServiceFacts, more: int, takers: Sequence[NodeFacts], tasks: Sequence[TaskFacts]
) -> str:
    """Return why ``more`` tasks of the service cannot start on ``takers`` before others stop; "" if they can."""
    if is_paused(service.spec):
        return f"Swarmbot paused its rollout, so no task of it starts: `/swarm resume {service.name}` ends the pause."
    if service.update is not None and service.update.state in {"updating", "paused", "rollback_started"}:
        return f"Its last update is {service.update.state.replace('_', ' ')}, and moving its tasks would continue it."
    if ports := [port for port in _ports(service) if port.get("PublishMode") == "host"]:
        shown = listed(f"{port.get('PublishedPort')}/{port.get('Protocol', 'tcp')}" for port in ports)
        return f"It publishes {shown} on the node itself, whose clients lose it."
    if mounts := [mount for mount in _mounts(service) if not mount.get("ReadOnly") and mount.get("Type") != "tmpfs"]:
        shown = listed(tick(plain_line(str(mount.get("Source") or mount.get("Target")))) for mount in mounts)
        return f"It writes to {shown}: two tasks must not do so at once, and the data may be on that node only."
    max_replicas = int((service.template.get("Placement") or {}).get("MaxReplicas") or 0)
    room = sum(max(0, max_replicas - sum(task.node == node.id for task in tasks)) for node in takers)
    if max_replicas and room < more:
        return f"At most {max_replicas} of its tasks may run on a node, and the others have room for {room or 'none'}."
    return ""


def _ports(service: ServiceFacts) -> list[dict[str, Any]]:
    return list((service.spec.get("EndpointSpec") or {}).get("Ports") or ())


def _mounts(service: ServiceFacts) -> list[dict[str, Any]]:
    return list(service.container.get("Mounts") or ())
