"""Move a service's tasks without a gap: off nodes, or to emptier ones; and undo what that changed in its spec."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from bot.blocks import plain_line, tick
from bot.errors import Failed, SwarmbotError
from bot.model import ClusterFacts, Engines, Facts, FactsQuery, Operation, ServiceFacts, TaskFacts
from bot.model.service import NANOSECONDS
from bot.swarm.operations.spec_updates import reading_manager, update_service_spec
from bot.swarm.services.rollout.rollout import PENDING_S
from bot.swarm.services.rollout.rollout_time import DEFAULT_RETRIES, health_check, healthy_after_s, update_delay_s
from bot.swarm.services.spec.temporary_spec import (
    LABEL,
    is_temporary,
    moved_off,
    taken_back,
    unlabelled,
    with_more_replicas,
)
from bot.text.suggest import listed, number_of

START_TIMEOUT_S: Final = 60.0
"""The time for one task to be placed, prepared and started, in addition to the times that its spec names."""


@dataclass(frozen=True, slots=True)
class _OneService(ABC):
    """What the steps about one service have in common."""

    service: str
    """The service's id."""
    service_name: str

    @property
    def query(self) -> FactsQuery:
        """Return a query for services and all tasks."""
        return FactsQuery(services=True, task_list=True)

    def running(self, swarm: ClusterFacts, off: Sequence[str] = ()) -> int:
        """Return how many tasks that should run do, not counting those on the nodes ``off``."""
        found = (task for task in swarm.tasks_of(self.service) if task.wanted and task.state == "running")
        return sum(task.node not in off for task in found)


@dataclass(frozen=True, slots=True)
class _StartsTasks(_OneService):
    """A temporary change of a service's spec that starts tasks of it."""

    def failed(self, facts: Facts) -> str:
        """Return why new tasks do not run, in a sentence; "" while they may. The old ones continue to run."""
        service = facts.service(self.service)
        if facts.swarm is None or service is None or not is_temporary(service.spec):
            return ""
        name, tasks, now = tick(service.name), facts.swarm.tasks_of(service.id), facts.cluster_time
        stuck = [task for task in tasks if task.wanted and task.state == "pending" and now - task.since > PENDING_S]
        if reasons := sorted({plain_line(task.error) for task in stuck if task.error}):
            return f"{number_of(len(stuck), 'task')} of {name} cannot be placed: {listed(reasons)}."
        ended = [task for task in tasks if task.failed and task.since >= service.updated]
        if ended:
            last = max(ended, key=lambda task: task.since)
            return f"A new task of {name} {last.state}: {plain_line(last.error) or 'the engine gave no reason'}."
        return ""


@dataclass(frozen=True, slots=True)
class MoveService(_StartsTasks, Operation):
    """Start a service's tasks on other nodes before those on ``nodes`` stop.

    It changes the service's placement for a while (bot/swarm/services/spec/temporary_spec.py). A step that always runs
    must undo that: :class:`RestoreSpec`.
    """

    kind: ClassVar[str] = "move-service"

    nodes: tuple[str, ...]
    """The ids of the nodes that its tasks leave."""
    node_names: tuple[str, ...]

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"moving {tick(self.service_name)} off {self._off}, new tasks first"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{tick(self.service_name)} is fully running without {self._off}"

    def timeout(self, facts: Facts) -> float:
        """Return the time for each task, one after the other: to start, to be healthy, and to stop."""
        service = facts.service(self.service)
        if facts.swarm is None or service is None:
            return START_TIMEOUT_S
        each = START_TIMEOUT_S + service.stop_grace + _healthy_after(service) + update_delay_s(service)
        return each * max(1, len(self._left(facts.swarm)))

    def satisfied(self, facts: Facts) -> bool:
        """Return whether no task of the service is left on the nodes and every replica runs elsewhere."""
        if facts.swarm is None:
            return False
        service = facts.service(self.service)
        if service is None:
            return True
        return not self._left(facts.swarm) and self.running(facts.swarm, off=self.nodes) >= service.replicas

    def progress(self, facts: Facts) -> str:
        """Return how many tasks are left on the nodes, and how many run elsewhere."""
        if facts.swarm is None:
            return ""
        left, elsewhere = len(self._left(facts.swarm)), self.running(facts.swarm, off=self.nodes)
        return f"{number_of(left, 'task')} left, {elsewhere} running elsewhere"

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Keep the service off the nodes."""
        manager = reading_manager(engines, facts)
        update_service_spec(manager, self.service, lambda spec: moved_off(spec, self.nodes))

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with how far it is. A later step undoes the placement."""
        del engines
        state = f"{tick(self.service_name)}: {self.progress(facts) or 'it cannot be read'}."
        step = f"`/swarm drain {' '.join(self.node_names)} --now` drains without starting tasks elsewhere first."
        return Failed(error.happened, true_now=state, next_step=error.next_step or step)

    @property
    def _off(self) -> str:
        return listed(map(tick, self.node_names))

    def _left(self, swarm: ClusterFacts) -> list[TaskFacts]:
        return [task for task in swarm.tasks_of(self.service) if task.node in self.nodes and task.alive]


@dataclass(frozen=True, slots=True)
class AddReplicas(_StartsTasks, Operation):
    """Run more tasks of a replicated service for a while, so that the emptiest nodes get some.

    A step that always runs must undo this, which removes tasks from the fullest nodes: :class:`RestoreSpec`.
    """

    kind: ClassVar[str] = "add-replicas"

    replicas: int
    """How many tasks it has now."""
    extra: int

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"starting {number_of(self.extra, 'more task')} of {tick(self.service_name)}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{tick(self.service_name)} runs {number_of(self.replicas + self.extra, 'task')}"

    def timeout(self, facts: Facts) -> float:
        """Return the time to start and to be healthy."""
        service = facts.service(self.service)
        return START_TIMEOUT_S + (_healthy_after(service) if service else 0.0)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether that many tasks run."""
        return facts.swarm is not None and self.running(facts.swarm) >= self.replicas + self.extra

    def progress(self, facts: Facts) -> str:
        """Return how many run."""
        return f"{self.running(facts.swarm)} running" if facts.swarm else ""

    def seen(self, facts: Facts) -> str:
        """Return what was started: at the end fewer tasks run again."""
        del facts
        started = "was started" if self.extra == 1 else "were started"
        return f"{number_of(self.extra, 'more task')} of {tick(self.service_name)} {started}"

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Add the replicas, unless they were added before."""
        manager = reading_manager(engines, facts)
        update_service_spec(manager, self.service, lambda spec: with_more_replicas(spec, self.extra))


@dataclass(frozen=True, slots=True)
class RestoreSpec(_OneService, Operation):
    """Undo what :class:`MoveService` or :class:`AddReplicas` changed in a service's spec."""

    kind: ClassVar[str] = "restore-spec"

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"taking back the temporary change of {tick(self.service_name)}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{tick(self.service_name)} has its own spec again"

    def timeout(self, facts: Facts) -> float:
        """Return the time for a task to stop."""
        service = facts.service(self.service)
        return self.timeout_s + (service.stop_grace if service else 0.0)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether nothing temporary is left in the spec, and no more tasks run than it asks for."""
        if facts.swarm is None:
            return False
        service = facts.service(self.service)
        if service is None:
            return True
        most = service.replicas if service.mode == "replicated" else len(facts.swarm.nodes)
        return not is_temporary(service.spec) and self.running(facts.swarm) <= most

    def seen(self, facts: Facts) -> str:
        """Return the wanted state, with the number of tasks that run."""
        if facts.swarm is None or facts.service(self.service) is None:
            return self.done
        return f"{self.done}: {number_of(self.running(facts.swarm), 'task')} running"

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Undo the change, then the label.

        A rollback returns to the spec between the two, which is the service's own.
        """
        manager = reading_manager(engines, facts)
        update_service_spec(manager, self.service, taken_back)
        update_service_spec(manager, self.service, unlabelled)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error, with what stays and the command that undoes it."""
        del engines, facts
        return Failed(
            error.happened,
            true_now=f"It was not seen that {self.done}: its label `{LABEL}` says what is temporary.",
            next_step=error.next_step or f"`/swarm rebalance {self.service_name}` takes it back.",
        )


def _healthy_after(service: ServiceFacts) -> float:
    """Return the seconds after which a task that starts is healthy or has failed, even if each check takes long."""
    check = health_check(service)
    checking = (check.get("Timeout") or 0) / NANOSECONDS * (check.get("Retries") or DEFAULT_RETRIES)
    return healthy_after_s(service) + float(checking)
