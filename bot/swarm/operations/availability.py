"""Set the availability of a node: active, paused or drained."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

from bot.blocks import escape
from bot.errors import Failed, SwarmbotError
from bot.model import ClusterFacts, Engines, Facts, FactsQuery, NodeFacts, Operation, TaskFacts
from bot.swarm.operations.spec_updates import reading_manager, update_node_spec
from bot.swarm.services.placement import task_count

SHOWN: Final = {"active": "activating", "pause": "pausing"}
STANDS: Final = {"active": "active", "pause": "paused: it keeps its tasks and takes no new ones"}


@dataclass(frozen=True, slots=True)
class SetAvailability(Operation):
    """The node ``node`` (its id) active or paused. Its tasks stay as they are; for ``drain`` see Drain."""

    kind: ClassVar[str] = "availability"

    node: str
    name: str
    availability: Literal["active", "pause"]

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"{SHOWN[self.availability]} `{self.name}`"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.name}` is {STANDS[self.availability]}"

    def record(self, node: NodeFacts) -> NodeFacts:
        """Its own node's, with this availability."""
        return replace(node, availability=self.availability) if node.id == self.node else node

    def satisfied(self, facts: Facts) -> bool:
        """The record says so."""
        record = facts.swarm.node(self.node) if facts.swarm else None
        return record is not None and record.availability == self.availability

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change the availability in the record's spec; all else in it stays."""
        update_node_spec(
            reading_manager(engines, facts), self.node, lambda spec: {**spec, "Availability": self.availability}
        )


@dataclass(frozen=True, slots=True)
class Drain(Operation):
    """The node ``node`` (its id) drained: it takes no task, and none is alive on it.

    Docker's own drain returns at once (moby/moby#34139); its tasks are gone after 3.4 to 5.8 s where they have a grace
    of 2 (facts/swarm.md). A node that is not ready stops nothing until it is back: there is nothing to wait for.
    """

    kind: ClassVar[str] = "drain"

    node: str
    name: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"draining `{self.name}`"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.name}` is drained and runs no task"

    @property
    def query(self) -> FactsQuery:
        """Every task, and its service's name."""
        return FactsQuery(services=True, task_list=True)

    def record(self, node: NodeFacts) -> NodeFacts:
        """Its own node's, drained."""
        return replace(node, availability="drain") if node.id == self.node else node

    def waits(self, facts: Facts) -> float:
        """As long again as the slowest service may take to stop a task."""
        swarm = facts.swarm
        here = {task.service for task in self._left(swarm)} if swarm else set()
        grace = [service.stop_grace for service in (swarm.services if swarm else ()) if service.id in here]
        return self.patience + max(grace, default=0.0)

    def satisfied(self, facts: Facts) -> bool:
        """The record is drained, no task is alive there, and the scheduler has said where the others go."""
        if facts.swarm is None:
            return False
        record = facts.swarm.node(self.node)
        if record is None:
            return True
        if record.availability != "drain":
            return False
        waiting = (task for task in self._moved(facts.swarm) if task.state == "pending" and not task.error)
        return record.state != "ready" or not (self._left(facts.swarm) or any(waiting))

    def progress(self, facts: Facts) -> str:
        """How many tasks are left."""
        left = len(self._left(facts.swarm)) if facts.swarm else 0
        return f"{task_count(left)} left" if left else ""

    def seen(self, facts: Facts) -> str:
        """What has no place now, and why."""
        record = facts.swarm.node(self.node) if facts.swarm else None
        if facts.swarm is None or record is None:
            return f"`{self.name}` is no node of {self.cluster} any more"
        return "; ".join([self._standing(record), *self._nowhere(facts.swarm)])

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change the availability in the record's spec; all else in it stays."""
        update_node_spec(reading_manager(engines, facts), self.node, lambda spec: {**spec, "Availability": "drain"})

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell how the node stands, and what runs there still."""
        del engines
        record = facts.swarm.node(self.node) if facts.swarm else None
        truth = f"{self.cluster} cannot be read."
        if record:
            truth = f"`{self.name}` is {record.availability}; {self.progress(facts) or 'no task is left on it'}."
        step = error.next_step or f"`/swarm node {self.name}` shows it; `/swarm activate {self.name}` takes it back."
        return Failed(error.happened, true_now=truth, next_step=step)

    def _standing(self, record: NodeFacts) -> str:
        if record.state == "ready":
            return self.done
        return f"`{self.name}` is drained, and {record.state}: what it runs it stops when it is back"

    def _left(self, swarm: ClusterFacts) -> list[TaskFacts]:
        return [task for task in swarm.task_list if task.node == self.node and task.alive]

    def _moved(self, swarm: ClusterFacts) -> list[TaskFacts]:
        """Tasks that are meant to run and have no node, of services that were here."""
        were_here = {task.service for task in swarm.task_list if task.node == self.node}
        return [task for task in swarm.task_list if task.service in were_here and task.wanted and not task.node]

    def _nowhere(self, swarm: ClusterFacts) -> list[str]:
        names = {service.id: service.name for service in swarm.services}
        reasons = Counter((names.get(task.service, task.service), task.error) for task in self._moved(swarm))
        return [
            f"{task_count(count)} of `{name}` can go nowhere: {escape(error) or 'the scheduler has not said why'}"
            for (name, error), count in sorted(reasons.items())
        ]
