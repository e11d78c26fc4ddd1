"""Change services, roll them back, resume updates. Each is done when tasks of the wanted spec are seen to run.

Docker's ``UpdateStatus`` alone is wrong (bot.swarm.services.rollout). Specs may hold secrets in their environment, so
operations keep only what was asked for and fingerprints.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from bot.blocks import tick
from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Json, Operation, ServiceFacts
from bot.swarm.operations.pause_rollout import PauseRollout
from bot.swarm.operations.spec_updates import reading_manager, retry_conflicts, update_service_spec
from bot.swarm.reading.parse_services import seconds
from bot.swarm.services.paused_rollout import is_paused, pause_steps, unpaused, without_pause
from bot.swarm.services.rollout import last_failure, new_text, rollback_text, rollout
from bot.swarm.services.rollout_time import rollout_timeout_s
from bot.swarm.services.spec_changes import FieldChange, fingerprint, spec_changes
from bot.swarm.services.spec_edit import SpecEdit
from bot.text.suggest import listed, number_of

Verb = Literal["update", "scale", "restart"]
DOING: Final[Mapping[Verb, str]] = {"update": "updating", "scale": "scaling", "restart": "restarting all tasks of"}
PARTICIPLES: Final[Mapping[Verb, str]] = {"update": "updated", "scale": "scaled", "restart": "restarted"}


@dataclass(frozen=True, slots=True)
class _RolledOut(ABC):
    """What is done when a service has a spec, and as many tasks of it as wanted have run long enough."""

    timeout_s: ClassVar[float]
    may_stop_waiting: ClassVar[bool] = True

    id: str
    """The service's id."""
    service: str
    """Its name."""
    cluster: str
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
    def query(self) -> FactsQuery:
        """Return a query for the services, the tasks of this one, and its last good spec."""
        return FactsQuery(services=True, tasks_of=self.id, good_spec_of=self.id)

    @property
    def changed_service(self) -> str:
        """Return the service's id."""
        return self.id

    @property
    def on_cancel(self) -> Operation | None:
        """Return what stops Docker between two tasks."""
        return PauseRollout(self.id, self.service, self.cluster) if self.waits else None

    def cancelled(self, facts: Facts) -> Failed:
        """Return that the rollout is paused, and the orders that go on and back; else that it was not waited for."""
        service = self.found(facts)
        if facts.swarm is not None and service is not None and is_paused(service.spec):
            told = f"Cancelled: Docker was stopped, and {new_text(facts.swarm, service)}."
            return Failed(told, next_step=pause_steps(facts, service))
        going_on = " The engines go on with it." if service is None or self.has_spec(service) else ""
        return Failed(f"Cancelled before it was seen that {self.done}.{going_on}")

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the service has the spec, and its tasks have run for the monitor time."""
        service = self.found(facts)
        if service is None or facts.swarm is None or not self.has_spec(service):
            return False
        return not self.waits or rollout(facts.swarm, service, facts.cluster_time).stable

    def failed(self, facts: Facts) -> str:
        """Return why the rollout has failed: rolled back, paused, tasks that crash or that no node takes."""
        service = self.found(facts)
        if facts.swarm is None:
            return ""
        if service is None:
            return f"{facts.name} has no service {tick(self.service)} any more."
        if self.has_spec(service):
            return rollout(facts.swarm, service, facts.cluster_time).verdict if self.waits else ""
        update = service.update
        if update is None or update.started == self.last_update:
            return ""
        told = rollback_text(update)
        if is_paused(service.spec) and update.state == "rollback_started":
            told = "Docker stopped the update because tasks failed: its rollout is paused as before."
        return f"{told} {_failed_task(facts, service)}".strip() if told else ""

    def progress(self, facts: Facts) -> str:
        """Return how many tasks run."""
        service = self.found(facts)
        if service is None or facts.swarm is None or not self.waits:
            return ""
        if not self.has_spec(service):
            rolling = service.update is not None and service.update.state == "rollback_started"
            return f"Docker rolls it back. {_failed_task(facts, service)}".strip() if rolling else ""
        return rollout(facts.swarm, service, facts.cluster_time).progress

    def seen(self, facts: Facts) -> str:
        """Return the wanted state, with the number of its tasks."""
        service = self.found(facts)
        if service is None or facts.swarm is None or not self.waits:
            return self.done
        running = rollout(facts.swarm, service, facts.cluster_time).running
        return f"{self.done}: {number_of(running, 'task')} running"

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with what runs now, and how to go back."""
        del engines
        service = self.found(facts)
        if facts.swarm is None:
            return Failed(error.happened, true_now=f"{self.cluster} cannot be read: the state is unknown.")
        if service is None:
            return Failed(error.happened, true_now=error.true_now, next_step=error.next_step)
        service = without_pause(service)
        found = rollout(facts.swarm, service, facts.cluster_time)
        alive = [task for task in facts.swarm.tasks_of(service.id) if task.state == "running"]
        older = len(alive) - found.running
        others = f", and {number_of(older, 'task')} of an older spec" if older > 0 else ""
        if self.has_spec(service):
            state = f"{tick(self.service)} has the new spec; {found.progress}{others}."
            back = self._way_back(facts, service)
        else:
            state = f"{tick(self.service)} does not have the new spec; {found.progress}{others}."
            back = ""
        more = f"`/swarm why {self.service}` says more." if self.waits else ""
        steps = " ".join(filter(None, (back, more)))
        return Failed(error.happened, true_now=error.true_now or state, next_step=error.next_step or steps)

    def _way_back(self, facts: Facts, service: ServiceFacts) -> str:
        """Return the order that returns to the spec before, or to the last one whose tasks ran if that is another."""
        good = facts.good_specs.get(service.id)
        if good and service.previous_spec and spec_changes(good.spec, service.previous_spec):
            return f"`/swarm rollback {self.service} --last-good` returns to the last spec whose tasks ran."
        return f"`/swarm rollback {self.service}` returns to the spec before." if service.previous_spec else ""

    def timeout(self, facts: Facts) -> float:
        """Return the timeout in seconds, by the number of batches and the times of the update policy."""
        service = self.found(facts)
        return rollout_timeout_s(service) if service and self.waits else self.timeout_s

    def found(self, facts: Facts) -> ServiceFacts | None:
        """Return the service; None if there is none, or if the cluster cannot be read."""
        return facts.swarm.service(self.id) if facts.swarm else None

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


@dataclass(frozen=True, slots=True)
class ChangeService(_RolledOut, Operation):
    """Change fields of a service's spec, for example its image, its environment or its number of replicas."""

    kind: ClassVar[str] = "change-service"

    edit: SpecEdit
    verb: Verb = "update"

    @property
    def doing(self) -> str:
        """Return the step in words."""
        if not self.changes:
            return f"waiting for the tasks of {tick(self.service)}"
        return f"{DOING[self.verb]} {tick(self.service)}{self._told}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{tick(self.service)} is {PARTICIPLES[self.verb]}{self._told}"

    @property
    def _told(self) -> str:
        if self.verb == "restart" or not self.changes:
            return ""
        return f" ({', '.join(change.shown for change in self.changes)})"

    def has_spec(self, service: ServiceFacts) -> bool:
        """Return whether the edit would change nothing, and its rollout is not paused."""
        return not is_paused(service.spec) and not spec_changes(service.spec, self.edit.edited(service.spec))

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Write the edited spec, without a pause, if what it changes is as it was when it was planned."""
        update_service_spec(reading_manager(engines, facts), self.id, self._edited)

    def _edited(self, spec: Json) -> Json:
        present = unpaused(spec)
        wanted = self.edit.edited(present)
        left = spec_changes(present, wanted)
        if not left:
            return spec
        if not set(left) <= set(self.changes):
            raise self.moved(left)
        return wanted


@dataclass(frozen=True, slots=True)
class RollBackService(_RolledOut, Operation):
    """Return to the spec before the last update, as ``docker service rollback``, or to the one that Swarmbot kept.

    A second rollback of Docker's undoes the first one.
    """

    kind: ClassVar[str] = "roll-back-service"

    target: str
    """The fingerprint of the spec to return to."""
    kept: bool = False
    """Whether that is the last good spec, which Swarmbot kept."""

    @property
    def changed_service(self) -> str:
        """Return the service's id; nothing for the last good spec: the present one must not take its place before."""
        return "" if self.kept else self.id

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"rolling back {tick(self.service)} ({', '.join(change.shown for change in self.changes)})"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        which = "its last good spec" if self.kept else "the spec that it had before the last update"
        return f"{tick(self.service)} has {which}"

    def has_spec(self, service: ServiceFacts) -> bool:
        """Return whether the service has the spec of before."""
        return fingerprint(service.spec) == self.target

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Roll back, if both specs are as they were when it was planned."""
        engine = reading_manager(engines, facts)

        def write() -> None:
            raw = engine.service(self.id)
            version, present = raw["Version"]["Index"], raw["Spec"]
            target = good_target(facts, self.id, present) if self.kept else raw.get("PreviousSpec")
            if fingerprint(present) == self.target:
                return
            if target is None or (fingerprint(present), fingerprint(target)) != (self.spec, self.target):
                raise self.moved()
            if self.kept:
                engine.update_service(self.id, version, target)
            else:
                engine.roll_back_service(self.id, version, present)

        retry_conflicts(write)


@dataclass(frozen=True, slots=True)
class ResumeUpdate(_RolledOut, Operation):
    """Go on with an update that Docker or Swarmbot paused, by sending its spec again.

    ``spec`` is the fingerprint without what Swarmbot's pause changed.
    """

    kind: ClassVar[str] = "resume-update"

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"resuming the update of {tick(self.service)}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"all tasks of {tick(self.service)} have its present spec"

    def has_spec(self, service: ServiceFacts) -> bool:
        """Return whether the spec is the one whose update was paused."""
        return fingerprint(service.spec) == self.spec

    def failed(self, facts: Facts) -> str:
        """Return the same as for an update; that the update is still paused is no failure before it was resumed."""
        service = self.found(facts)
        paused = service is not None and service.update is not None and service.update.started == self.last_update
        return "" if paused else super(ResumeUpdate, self).failed(facts)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Send the spec again without Swarmbot's pause, if the same update is still paused."""
        engine = reading_manager(engines, facts)

        def write() -> None:
            raw = engine.service(self.id)
            status = raw.get("UpdateStatus") or {}
            wanted = unpaused(raw["Spec"])
            if fingerprint(wanted) != self.spec:
                raise self.moved()
            same = seconds(status.get("StartedAt")) == self.last_update
            if is_paused(raw["Spec"]) or (status.get("State") == "paused" and same):
                engine.update_service(self.id, raw["Version"]["Index"], wanted)

        retry_conflicts(write)


def good_target(facts: Facts, service_id: str, present: Mapping[str, Any]) -> Json | None:
    """Return the last good spec of a service, with the present number of forced restarts; None if none was kept.

    That number alone would restart all tasks of the same spec. So it is the kept one only where a restart was paused,
    which the number is the way back from.
    """
    good = facts.good_specs.get(service_id)
    if good is None:
        return None
    rolled_out = unpaused(present)
    forced = (rolled_out.get("TaskTemplate") or {}).get("ForceUpdate")
    template = {key: value for key, value in good.spec["TaskTemplate"].items() if key != "ForceUpdate"}
    target = {**good.spec, "TaskTemplate": template if forced is None else {**template, "ForceUpdate": forced}}
    return dict(good.spec) if is_paused(present) and not spec_changes(rolled_out, target) else target


def _failed_task(facts: Facts, service: ServiceFacts) -> str:
    """Return how the last task ended that failed, in a sentence: its spec is not the service's any more."""
    last = last_failure(facts.swarm, service) if facts.swarm else ""
    return f"The last one: {last}." if last else ""
