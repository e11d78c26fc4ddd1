"""The common base of all changes of a service that replace tasks: they are done when tasks of the wanted spec run.

Docker's ``UpdateStatus`` alone is wrong (bot.swarm.services.rollout.rollout).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from bot.blocks import tick
from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, Operation, ServiceFacts
from bot.swarm.operations.pause_rollout import OneRollout, PauseRollout
from bot.swarm.services.rollout.paused_rollout import PAUSE_COSTS, is_paused, pause_steps, without_pause
from bot.swarm.services.rollout.rollback_advice import rollback_advice
from bot.swarm.services.rollout.rollout import last_failure, new_text, rollback_text, rollout
from bot.swarm.services.rollout.rollout_time import rollout_timeout_s
from bot.swarm.services.spec.spec_changes import FieldChange
from bot.text.suggest import listed, number_of


@dataclass(frozen=True, slots=True)
class RolledOut(OneRollout):
    """A change that is done when a service has a spec, and as many tasks of it as wanted have run long enough."""

    timeout_s: ClassVar[float]
    may_stop_waiting: ClassVar[bool] = True
    rolls_back: ClassVar[bool] = False
    """Whether it returns to an earlier spec: Docker's rollback would then lead to the spec that was replaced."""

    spec: str
    """The fingerprint of the spec that the plan was made from."""
    changes: tuple[FieldChange, ...]
    """What changes."""
    waits: bool
    """Whether tasks start, stop or move, so that their state decides."""
    last_update: float
    """When the last update began by the plan's facts, unix seconds; 0 if there was none."""

    @property
    @abstractmethod
    def done(self) -> str:
        """The wanted state."""

    @abstractmethod
    def has_spec(self, service: ServiceFacts) -> bool:
        """Return whether the service has the wanted spec."""

    @property
    def on_cancel(self) -> Operation | None:
        """Return the operation that stops Docker between two tasks."""
        return PauseRollout(self.id, self.service, self.cluster) if self.waits else None

    def cancelled(self, facts: Facts) -> Failed:
        """Return that the rollout is paused, and the commands that continue or undo it, or that it was not awaited."""
        service = facts.service(self.id)
        if facts.swarm is not None and service is not None and is_paused(service.spec):
            text = f"Cancelled: the rollout was paused, {new_text(facts.swarm, service)}."
            return Failed(text, true_now=PAUSE_COSTS, next_step=pause_steps(facts, service))
        going_on = " The engines go on with it." if service is None or self.has_spec(service) else ""
        return Failed(f"Cancelled before it was seen that {self.done}.{going_on}")

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the service has the spec, and its tasks have run for the monitor time."""
        service = facts.service(self.id)
        if service is None or facts.swarm is None or not self.has_spec(service):
            return False
        return not self.waits or rollout(facts.swarm, service, facts.cluster_time).stable

    def failed(self, facts: Facts) -> str:
        """Return why the rollout has failed: rolled back, paused, tasks that crash or that no node takes."""
        service = facts.service(self.id)
        if facts.swarm is None:
            return ""
        if service is None:
            return f"{facts.name} has no service {tick(self.service)} any more."
        if self.has_spec(service):
            return rollout(facts.swarm, service, facts.cluster_time).verdict if self.waits else ""
        update = service.update
        if update is None or update.started == self.last_update:
            return ""
        rollback = rollback_text(update)
        if is_paused(service.spec) and update.state == "rollback_started":
            rollback = "Docker stopped the update because tasks failed: its rollout is paused as before."
        return f"{rollback} {_failed_task(facts, service)}".strip() if rollback else ""

    def progress(self, facts: Facts) -> str:
        """Return how many tasks run."""
        service = facts.service(self.id)
        if service is None or facts.swarm is None or not self.waits:
            return ""
        if not self.has_spec(service):
            rolling = service.update is not None and service.update.state == "rollback_started"
            return f"Docker rolls it back. {_failed_task(facts, service)}".strip() if rolling else ""
        return rollout(facts.swarm, service, facts.cluster_time).progress

    def seen(self, facts: Facts) -> str:
        """Return the wanted state, with the number of its tasks."""
        service = facts.service(self.id)
        if service is None or facts.swarm is None or not self.waits:
            return self.done
        running = rollout(facts.swarm, service, facts.cluster_time).running
        return f"{self.done}: {number_of(running, 'task')} running"

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with what runs now, and how to go back."""
        del engines
        service = facts.service(self.id)
        if facts.swarm is None:
            return Failed(error.happened, true_now=f"{self.cluster} cannot be read: the state is unknown.")
        if service is None:
            return Failed(error.happened, true_now=error.true_now, next_step=error.next_step)
        service = without_pause(service)
        found = rollout(facts.swarm, service, facts.cluster_time)
        has_spec = self.has_spec(service)
        has = "has" if has_spec else "does not have"
        state = f"{tick(self.service)} {has} the new spec; {found.progress_beside(error.happened)}."
        back = rollback_advice(facts, service, found, rolled_back=self.rolls_back) if has_spec else ""
        more = f"`/swarm why {self.service}` says more." if self.waits else ""
        steps = " ".join(filter(None, (back, more)))
        return Failed(error.happened, true_now=error.true_now or state, next_step=error.next_step or steps)

    def timeout(self, facts: Facts) -> float:
        """Return the timeout in seconds, by the number of batches and the times of the update policy."""
        service = facts.service(self.id)
        return rollout_timeout_s(service) if service and self.waits else self.timeout_s

    def moved(self, left: tuple[FieldChange, ...] = ()) -> Failed:
        """Return the error for a service that somebody else has changed where this order changes it."""
        known = {change.field for change in self.changes}
        others = [change.field for change in left if change not in self.changes and change.field in known]
        what = f": {listed(others)}" if others else ""
        return Failed(
            f"{tick(self.service)} was changed by somebody else after this was planned{what}.",
            true_now="This order changed nothing.",
            next_step="Run it again: its plan shows the service as it is now.",
        )


def _failed_task(facts: Facts, service: ServiceFacts) -> str:
    """Return how the last failed task ended, in a sentence: its spec is no longer the service's."""
    last = last_failure(facts.swarm, service) if facts.swarm else ""
    return f"The last one: {last}." if last else ""
