"""Pause the rollout of a service: Docker replaces no further task until it is resumed."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from bot.blocks import tick
from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Json, Operation
from bot.swarm.operations.spec_updates import reading_manager, update_service_spec
from bot.swarm.services.rollout.paused_rollout import is_paused, paused, unpaused
from bot.swarm.services.rollout.rollout import SETTLING_S, is_rolling, new_text, waits_for_pause
from bot.swarm.services.spec.temporary_spec import is_temporary


@dataclass(frozen=True, slots=True)
class OneRollout(ABC):
    """What the steps about the rollout of one service have in common."""

    id: str
    """The service's id."""
    service: str
    """Its name."""
    cluster: str

    @property
    def query(self) -> FactsQuery:
        """Return a query for the services, the tasks of this one, and its last good spec."""
        return FactsQuery(services=True, tasks_of=self.id, good_spec_of=self.id)

    @property
    def changed_service(self) -> str:
        """Return the service's id."""
        return self.id


@dataclass(frozen=True, slots=True)
class PauseRollout(OneRollout, Operation):
    """Stop Docker between two tasks of a rollout by a temporary change of the spec (``paused_rollout.py``).

    It also pauses if nothing is left to replace. Docker finishes the tasks that it is just replacing.
    """

    kind: ClassVar[str] = "pause-rollout"

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"pausing the rollout of {tick(self.service)}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the rollout of {tick(self.service)} is paused"

    def satisfied(self, facts: Facts) -> bool:
        """Return whether Docker's updater waits for a task that no node takes, or has nothing to replace."""
        if facts.swarm is None:
            return False
        service = facts.service(self.id)
        if service is None:
            return True
        if is_paused(service.spec):
            return is_rolling(facts.swarm, service) and waits_for_pause(facts.swarm, service, facts.cluster_time)
        return not is_rolling(facts.swarm, service)

    def failed(self, facts: Facts) -> str:
        """Return that the rollout ended before Docker was stopped: then nothing may stay paused."""
        service = facts.service(self.id)
        if facts.swarm is None or service is None or not is_paused(service.spec):
            return ""
        if is_rolling(facts.swarm, service) or facts.cluster_time - service.updated < SETTLING_S:
            return ""
        return f"The rollout of {tick(self.service)} ended before it was paused."

    def seen(self, facts: Facts) -> str:
        """Return the state with the number of new tasks."""
        service = facts.service(self.id)
        if facts.swarm is None or service is None:
            return f"{facts.name} has no service {tick(self.service)} any more"
        if not is_paused(service.spec):
            return f"no rollout of {tick(self.service)} is in progress"
        return f"{self.done}: {new_text(facts.swarm, service)}"

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change the spec, unless another temporary change is just moving a task."""
        update_service_spec(reading_manager(engines, facts), self.id, self._edited)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Undo the pause if the rollout has ended; otherwise return the error with the number of new tasks."""
        service = facts.service(self.id)
        if facts.swarm is None or service is None:
            return Failed(error.happened, true_now=f"{self.cluster} cannot be read: the state is unknown.")
        state, step = f"{tick(self.service)}: {new_text(facts.swarm, service)}.", error.next_step
        if is_paused(service.spec):
            step = step or f"`/swarm resume {self.service}` ends the pause."
        if self.failed(facts):
            try:
                update_service_spec(reading_manager(engines, facts), self.id, unpaused)
            except SwarmbotError as unsettled:
                return Failed(error.happened, true_now=f"{unsettled.happened} {state}", next_step=step)
            return Failed(error.happened, true_now=f"{state} Nothing is paused.", next_step=error.next_step)
        return Failed(error.happened, true_now=state, next_step=step)

    def _edited(self, spec: Json) -> Json:
        if is_temporary(spec) and not is_paused(spec):
            raise Failed(
                f"{tick(self.service)} has a temporary change of a drain or a rebalance.",
                true_now="This step changed nothing.",
                next_step=f"`/swarm rebalance {self.service}` takes it back.",
            )
        return paused(spec)
