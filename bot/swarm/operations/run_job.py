"""Run a job again, and wait until its tasks have completed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.blocks import tick
from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Json, Operation, ServiceFacts
from bot.swarm.operations.spec_updates import reading_manager, update_service_spec
from bot.swarm.services.job_run import JobRun, job_run
from bot.swarm.services.spec_edit import SpecEdit


@dataclass(frozen=True, slots=True)
class RunJob(Operation):
    """Start all tasks of a job again by its ``ForceUpdate``, which also numbers the run."""

    kind: ClassVar[str] = "run-job"
    timeout_s: ClassVar[float] = 3600.0
    may_stop_waiting: ClassVar[bool] = True

    id: str
    """The service's id."""
    service: str
    """Its name."""
    cluster: str
    spec: str
    """The fingerprint of its spec."""
    force: int
    """The value of ``ForceUpdate`` for this run: one more than before."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"running the job {tick(self.service)}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the job {tick(self.service)} has completed"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the services and the job's tasks."""
        return FactsQuery(services=True, tasks_of=self.id)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether as many tasks of this run as wanted have completed."""
        service = self._found(facts)
        return service is not None and self._begun(service) and self._run(facts, service).has_completed

    def failed(self, facts: Facts) -> str:
        """Return why it will not complete: tasks that fail, or that no node takes."""
        service = self._found(facts)
        if service is None:
            return f"{facts.name} has no service {tick(self.service)} any more." if facts.swarm else ""
        return self._run(facts, service).verdict if self._begun(service) else ""

    def progress(self, facts: Facts) -> str:
        """Return how many tasks have completed."""
        service = self._found(facts)
        return self._run(facts, service).progress if service and self._begun(service) else ""

    def seen(self, facts: Facts) -> str:
        """Return the wanted state, with the number of tasks."""
        service = self._found(facts)
        return f"{self.done}: {self._run(facts, service).progress}" if service else self.done

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Raise ``ForceUpdate`` to this run's number, unless somebody else has run the job since it was planned."""
        update_service_spec(reading_manager(engines, facts), self.id, self._edited)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the number of tasks that have completed."""
        del engines
        service = self._found(facts)
        state = f"{self.cluster} cannot be read: the state is unknown."
        if service is not None:
            state = f"{tick(self.service)}: {self._run(facts, service).progress}."
        step = f"`/swarm why {self.service}` says more." if service else ""
        return Failed(error.happened, true_now=error.true_now or state, next_step=error.next_step or step)

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

    def _found(self, facts: Facts) -> ServiceFacts | None:
        return facts.swarm.service(self.id) if facts.swarm else None

    def _begun(self, service: ServiceFacts) -> bool:
        return int(service.template.get("ForceUpdate") or 0) == self.force

    def _run(self, facts: Facts, service: ServiceFacts) -> JobRun:
        assert facts.swarm is not None  # noqa: S101 - the service was found in it
        return job_run(facts.swarm, service, facts.cluster_time)
