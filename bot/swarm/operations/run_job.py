"""Run a job, an existing or a new one, and wait until its tasks have completed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

from bot.blocks import tick
from bot.errors import EngineError, Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Json, Operation, ServiceFacts
from bot.swarm.operations.spec_updates import reading_manager, update_service_spec
from bot.swarm.services.rollout.job_run import JobRun, job_run
from bot.swarm.services.spec.job_spec import JobSpec
from bot.swarm.services.spec.spec_edit import SpecEdit

NAME_TAKEN: Final = 409
"""The status of an engine's answer if another service has the name."""


@dataclass(frozen=True, slots=True)
class _Run(ABC):
    """A run of a job. It is done when as many of its tasks as wanted have completed."""

    timeout_s: ClassVar[float] = 3600.0
    may_stop_waiting: ClassVar[bool] = True

    service: str
    """The name of the job."""
    cluster: str

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"running the job {tick(self.service)}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the job {tick(self.service)} has completed"

    @abstractmethod
    def begun(self, facts: Facts) -> ServiceFacts | None:
        """Return the job if this run of it has begun."""

    def satisfied(self, facts: Facts) -> bool:
        """Return whether as many tasks of this run as wanted have completed."""
        service = self.begun(facts)
        return service is not None and self._run(facts, service).has_completed

    def failed(self, facts: Facts) -> str:
        """Return why it will not complete: tasks that fail, or that no node takes."""
        service = self.begun(facts)
        return self._run(facts, service).verdict if service else ""

    def progress(self, facts: Facts) -> str:
        """Return how many tasks have completed."""
        service = self.begun(facts)
        return self._run(facts, service).progress if service else ""

    def seen(self, facts: Facts) -> str:
        """Return the wanted state, with the number of tasks."""
        service = self.begun(facts)
        return f"{self.done}: {self._run(facts, service).progress}" if service else self.done

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the number of tasks that have completed."""
        del engines
        if facts.swarm is None:
            return Failed(error.happened, true_now=f"{self.cluster} cannot be read: the state is unknown.")
        service = self.begun(facts)
        state = f"{tick(self.service)}: {self._run(facts, service).progress}." if service else ""
        step = f"`/swarm why {self.service}` says more." if service else ""
        return Failed(error.happened, true_now=error.true_now or state, next_step=error.next_step or step)

    def _run(self, facts: Facts, service: ServiceFacts) -> JobRun:
        assert facts.swarm is not None  # noqa: S101 - the service was found in it
        return job_run(facts.swarm, service, facts.cluster_time)


@dataclass(frozen=True, slots=True)
class RunJob(_Run, Operation):
    """Start all tasks of a job again by its ``ForceUpdate``, which also numbers the run."""

    kind: ClassVar[str] = "run-job"

    id: str
    """The service's id."""
    spec: str
    """The fingerprint of its spec."""
    force: int
    """The value of ``ForceUpdate`` for this run: one more than before."""

    @property
    def query(self) -> FactsQuery:
        """Return a query for the services and the job's tasks."""
        return FactsQuery(services=True, tasks_of=self.id)

    def begun(self, facts: Facts) -> ServiceFacts | None:
        """Return the job if it has the number of this run."""
        service = facts.service(self.id)
        return service if service and service.forced == self.force else None

    def failed(self, facts: Facts) -> str:
        """Return why it will not complete, also if the job was removed."""
        if facts.swarm is not None and facts.swarm.service(self.id) is None:
            return f"{facts.name} has no service {tick(self.service)} any more."
        return super(RunJob, self).failed(facts)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Raise ``ForceUpdate`` to this run's number, unless somebody else has run the job since it was planned."""
        update_service_spec(reading_manager(engines, facts), self.id, self._edited)

    def _edited(self, spec: Json) -> Json:
        now = int((spec.get("TaskTemplate") or {}).get("ForceUpdate") or 0)
        if now == self.force:
            return spec
        if now != self.force - 1:
            raise Failed(
                f"{tick(self.service)} was run by somebody else after this was planned.",
                true_now="This order started nothing.",
                next_step=f"`/swarm ps {self.service}` shows its tasks.",
            )
        return SpecEdit(force=self.force).edited(spec)


@dataclass(frozen=True, slots=True)
class CreateJob(_Run, Operation):
    """Create a job, whose tasks start at once."""

    kind: ClassVar[str] = "create-job"

    job: JobSpec

    @property
    def query(self) -> FactsQuery:
        """Return a query for the services and the job's tasks."""
        return FactsQuery(services=True, tasks_of=self.service)

    def begun(self, facts: Facts) -> ServiceFacts | None:
        """Return the service with the name and the spec of the job."""
        named = facts.swarm.named(self.service) if facts.swarm else []
        return next((each for each in named if each.name == self.service and not self.job.differences(each)), None)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Create it. Raise Failed if a service of this name was created after this was planned."""
        engine = reading_manager(engines, facts)
        try:
            engine.create_service(self.job.spec(self.service))
        except EngineError as error:
            if error.status != NAME_TAKEN:
                raise
            raise Failed(
                f"A service {tick(self.service)} was created after this was planned.",
                true_now="This order created nothing.",
                next_step=f"`/swarm service {self.service}` shows it.",
            ) from None
