"""Which services are spread unevenly, and the fewest moves that spread them. Pure.

New tasks go to the nodes with the fewest tasks of the service, and scaling down removes tasks from the nodes with the
most (measured on 20.10 and 28.5, docs/decisions/0032): so k more and then k fewer replicas move k tasks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bot.model import ClusterFacts, ServiceFacts
from bot.swarm.services.gapless import two_at_once_obstacle
from bot.swarm.services.placement.eligible_nodes import meets_constraints, schedulable_nodes


@dataclass(frozen=True, slots=True)
class Spread:
    """How the tasks of a service are spread over the nodes that can run it."""

    service: ServiceFacts
    counts: Mapping[str, int]
    """Tasks by node id, of all nodes that can run it."""
    obstacle: str = ""
    """Why its tasks cannot be moved without stopping any first, a sentence; "" if they can."""

    @property
    def moves(self) -> int:
        """The fewest moves after which no two nodes differ by more than one task."""
        if not self.counts:
            return 0
        least, rest = divmod(sum(self.counts.values()), len(self.counts))
        upper = least + bool(rest)
        missing = sum(max(0, least - count) for count in self.counts.values())
        surplus = sum(max(0, count - upper) for count in self.counts.values())
        return max(missing, surplus)

    @property
    def can_move(self) -> bool:
        """Whether there are moves, and nothing prevents them."""
        return self.moves > 0 and not self.obstacle

    def after(self) -> dict[str, int]:
        """Return the tasks by node id after the moves, as the scheduler places them."""
        counts = dict(self.counts)
        for _ in range(self.moves):
            counts[min(counts, key=lambda node: counts[node])] += 1
        for _ in range(self.moves):
            counts[max(counts, key=lambda node: counts[node])] -= 1
        return counts


def spreads(swarm: ClusterFacts) -> list[Spread]:
    """Return how each replicated service is spread. The facts must have been read with services and the task list."""
    return [_spread(swarm, service) for service in swarm.services if service.mode == "replicated"]


def _spread(swarm: ClusterFacts, service: ServiceFacts) -> Spread:
    takers = [node for node in schedulable_nodes(swarm) if meets_constraints(node, service)]
    tasks = [task for task in swarm.tasks_of(service.id) if task.wanted and task.alive]
    here = Counter(task.node for task in tasks)
    counts = {node.id: here[node.id] for node in takers}
    spread = Spread(service, counts)
    if not spread.moves:
        return spread
    if any(task.state != "running" for task in tasks) or len(tasks) < service.replicas:
        return Spread(service, counts, "Not all of its tasks are running.")
    return Spread(service, counts, two_at_once_obstacle(service, spread.moves, takers, tasks))
