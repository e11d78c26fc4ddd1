"""Set a node's availability: active, paused or drained."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

from bot.blocks import plain_line
from bot.errors import Failed, SwarmbotError
from bot.model import ClusterFacts, Engines, Facts, FactsQuery, NodeFacts, Operation, TaskFacts
from bot.swarm.operations.spec_updates import reading_manager, record_of, update_node_spec
from bot.text.suggest import number_of

VERBS: Final = {"active": "activating", "pause": "pausing"}
STATES: Final = {"active": "active", "pause": "paused: it keeps its tasks and gets no new ones"}


@dataclass(frozen=True, slots=True)
class SetAvailability(Operation):
    """Make a node active or paused. Its tasks stay as they are; only a drain moves them."""

    kind: ClassVar[str] = "availability"

    node: str
    """The node's id."""
    name: str
    availability: Literal["active", "pause"]

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"{VERBS[self.availability]} `{self.name}`"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.name}` is {STATES[self.availability]}"

    def record(self, node: NodeFacts) -> NodeFacts:
        """Return the node's record with this availability."""
        return replace(node, availability=self.availability) if node.id == self.node else node

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the record has this availability."""
        record = record_of(facts, self.node)
        return record is not None and record.availability == self.availability

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change only the availability in the node's spec."""
        manager = reading_manager(engines, facts)
        update_node_spec(manager, self.node, lambda spec: {**spec, "Availability": self.availability})


@dataclass(frozen=True, slots=True)
class Drain(Operation):
    """Drain a node: no task is running on it, and it gets no new one.

    The engine's own drain returns at once (moby/moby#34139). Tasks with a grace period of 2 s have ended after 3.4 to
    5.8 s (docs/swarm-behaviour.md#drain). A node that is not ready stops its tasks only when it is back, so nothing is
    waited for then.
    """

    kind: ClassVar[str] = "drain"

    node: str
    """The node's id."""
    name: str
    cluster: str

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"draining `{self.name}`"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.name}` is drained and runs no tasks"

    @property
    def query(self) -> FactsQuery:
        """Return a query for all tasks and the names of their services."""
        return FactsQuery(services=True, task_list=True)

    def record(self, node: NodeFacts) -> NodeFacts:
        """Return the node's record, drained."""
        return replace(node, availability="drain") if node.id == self.node else node

    def timeout(self, facts: Facts) -> float:
        """Return the timeout in seconds: the longest grace period of the services on the node is added."""
        swarm = facts.swarm
        here = {task.service for task in self._left(swarm)} if swarm else set()
        grace = [service.stop_grace for service in (swarm.services if swarm else ()) if service.id in here]
        return self.timeout_s + max(grace, default=0.0)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the node is drained, no task is alive on it, and the scheduler has judged the moved tasks."""
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
        """Return how many tasks are left on the node."""
        left = len(self._left(facts.swarm)) if facts.swarm else 0
        return f"{number_of(left, 'task')} left" if left else ""

    def seen(self, facts: Facts) -> str:
        """Return the state, with the tasks that no other node takes and the scheduler's reasons."""
        record = record_of(facts, self.node)
        if facts.swarm is None or record is None:
            return f"`{self.name}` is not a node of {self.cluster} any more"
        return "; ".join([self._drained(record), *self._unplaced(facts.swarm)])

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change only the availability in the node's spec."""
        update_node_spec(reading_manager(engines, facts), self.node, lambda spec: {**spec, "Availability": "drain"})

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the node's availability and, if it is drained, the number of tasks left."""
        del engines
        record = record_of(facts, self.node)
        step = "`/swarm status`, then press Retry."
        if record is None:
            state = f"{self.cluster} cannot be read, or has no such node: whether `{self.name}` is drained is unknown."
        elif record.availability != "drain":
            state = f"`{self.name}` is not drained: its availability is {record.availability}."
        else:
            state = f"`{self.name}` is drained; {self.progress(facts) or 'no tasks are left on it'}."
            step = f"`/swarm node {self.name}` shows its tasks. `/swarm activate {self.name}` undoes the drain."
        return Failed(error.happened, true_now=state, next_step=error.next_step or step)

    def _drained(self, record: NodeFacts) -> str:
        if record.state == "ready":
            return self.done
        return f"`{self.name}` is drained and {record.state}: it stops its tasks when it is back"

    def _left(self, swarm: ClusterFacts) -> list[TaskFacts]:
        return [task for task in swarm.task_list if task.node == self.node and task.alive]

    def _moved(self, swarm: ClusterFacts) -> list[TaskFacts]:
        """Return the tasks without a node that should run, of services that had tasks on this node."""
        were_here = {task.service for task in swarm.task_list if task.node == self.node}
        return [task for task in swarm.task_list if task.service in were_here and task.wanted and not task.node]

    def _unplaced(self, swarm: ClusterFacts) -> list[str]:
        names = {service.id: service.name for service in swarm.services}
        reasons = Counter((names.get(task.service, task.service), task.error) for task in self._moved(swarm))
        return [
            f"{number_of(count, 'task')} of `{name}` pending: "
            + (plain_line(error) or "the scheduler has not given a reason yet")
            for (name, error), count in sorted(reasons.items())
        ]
