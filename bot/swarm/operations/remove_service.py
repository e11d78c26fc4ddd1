"""Remove a service with its tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.blocks import tick
from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation
from bot.swarm.operations.spec_updates import reading_manager
from bot.swarm.services.spec.spec_changes import spec_fingerprint
from bot.text.suggest import number_of


@dataclass(frozen=True, slots=True)
class RemoveService(Operation):
    """Remove a service, and wait until none of its tasks is left."""

    kind: ClassVar[str] = "remove-service"

    id: str
    service: str
    cluster: str
    spec: str
    """The fingerprint of its spec."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"removing the service {tick(self.service)}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{self.cluster} has no service {tick(self.service)} and none of its tasks"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the services and all tasks."""
        return FactsQuery(services=True, task_list=True)

    def timeout(self, facts: Facts) -> float:
        """Return the timeout in seconds: the grace period of its tasks is added."""
        service = facts.service(self.id)
        return self.timeout_s + (service.stop_grace if service else 0.0)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether neither the service nor a task on a ready node is left."""
        return facts.swarm is not None and facts.swarm.service(self.id) is None and not tasks_left(facts, self.id)

    def progress(self, facts: Facts) -> str:
        """Return how many tasks are left."""
        left = tasks_left(facts, self.id)
        return f"{number_of(left, 'task')} left" if left else ""

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Remove it, if it is still the service that the plan shows."""
        engine = reading_manager(engines, facts)
        service = facts.service(self.id)
        if service is None:
            return
        if spec_fingerprint(service.spec) != self.spec:
            raise Failed(
                f"{tick(self.service)} was changed by somebody else after this was planned.",
                true_now="It was not removed.",
                next_step=f"Look at it, then run `/swarm remove {self.service} --service` again.",
            )
        engine.remove_service(self.id)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with what is left."""
        del engines
        if facts.swarm is None:
            state = f"{self.cluster} cannot be read: whether the service is removed is unknown."
        elif facts.swarm.service(self.id):
            state = f"{self.cluster} still has the service {tick(self.service)}."
        else:
            state = (
                f"The service {tick(self.service)} is removed; {number_of(tasks_left(facts, self.id), 'task')} left."
            )
        return Failed(error.happened, true_now=error.true_now or state, next_step=error.next_step)


def tasks_left(facts: Facts, service_id: str) -> int:
    """Return how many tasks of a removed service have not stopped, on nodes that are ready."""
    if facts.swarm is None:
        return 0
    ready = {node.id for node in facts.swarm.nodes if node.state == "ready"}
    return sum(task.alive and task.node in ready for task in facts.swarm.tasks_of(service_id))
