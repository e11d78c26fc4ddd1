"""Deploy and remove the objects of a stack, and wait for its services.

An operation is stored, so it holds no spec: only the digest of the write that was approved. The write itself is
recorded again just before it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import quote

from bot.blocks import tick
from bot.errors import Failed, SwarmbotError
from bot.model import (
    Action,
    Engine,
    Engines,
    Facts,
    FactsQuery,
    ObjectType,
    Operation,
    ResolveImages,
    ServiceFacts,
    StackObject,
    StackQuery,
    StackRecording,
    StackWrite,
)
from bot.secrets.secret import Secret
from bot.swarm.operations.remove_service import tasks_left
from bot.swarm.operations.spec_updates import reading_manager, retry_conflicts
from bot.swarm.services.rollout.rollback_advice import rollback_advice
from bot.swarm.services.rollout.rollout import rollback_text, rollout
from bot.swarm.services.rollout.rollout_time import rollout_timeout_s
from bot.swarm.stacks.deploy_plan import SIGNS
from bot.swarm.stacks.writes import (
    before,
    changes_nothing,
    digest,
    missing_references,
    removal,
    spec_digest,
)
from bot.text.suggest import listed, number_of

MAX_TOLD_CHARS: Final = 2300
"""The most characters of differences in one step's line: Slack accepts 3000 in a block."""
VERBS: Final[dict[Action, tuple[str, str]]] = {
    "create": ("creating", "created"),
    "update": ("updating", "updated"),
    "delete": ("removing", "removed"),
}


@dataclass(frozen=True, slots=True)
class DeployObject(Operation):
    """Create, update or remove one object of a stack, with exactly the write that was planned."""

    kind: ClassVar[str] = "deploy-object"

    stack: str
    type: ObjectType
    object: str
    """The object's name."""
    action: Action
    digest: str
    """The digest of the write (bot.swarm.stacks.writes)."""
    changes: tuple[str, ...] = ()
    """What changes, old → new, in words without secrets."""
    resolve: bool = True
    """Whether registries are asked for the digests of images."""
    commit: str = ""
    """The commit that the compose file is read from; "" if it does not come from git."""
    revision: int = 0
    """The kept revision whose files are deployed; 0 if they come from the stack's source."""
    typed: str = ""
    """The id of the typed compose file that is deployed; "" if it was not typed."""
    id: str = ""
    """The object's id; "" for one that is created."""
    last_update: float = 0.0
    """When the service's last update began by the plan's facts, unix seconds; 0 if there was none."""
    order: str = ""
    """The command that carries it out, without ``/swarm``: ``deploy app --revision 3``."""
    base: str = ""
    """The name in the compose file, if the object is a new content of a config or secret."""

    @property
    def doing(self) -> str:
        """Return the step in words, with the difference."""
        comma = "; " if self.action == "create" else ", "
        text = f": {comma.join(self._told())}" if self.changes else ""
        action = "update" if self.base else self.action
        return f"`{SIGNS[action]}` {VERBS[action][0]} {self.type} {tick(self.base or self.object)}{text}"

    def _told(self) -> list[str]:
        """Return what changes: as many fields as fit into a line of a card, and where the others are shown.

        The last text, which tasks restart, is always there.
        """
        found: list[str] = []
        *fields, last = self.changes
        for number, change in enumerate(fields):
            if sum(map(len, found)) + len(change) > MAX_TOLD_CHARS:
                shows = "" if self.typed else f", which `{self._diff}` shows"
                more = f"and {len(fields) - number} more{shows}"
                return [*found, more, last]
            found.append(change)
        return [*found, last]

    @property
    def _diff(self) -> str:
        return f"/swarm stack {self.stack} --diff --revision {self.revision}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{self.type} {tick(self.object)} is {VERBS[self.action][1]}"

    @property
    def query(self) -> FactsQuery:
        """Return a query for a new recording; for a removal only for the objects and tasks."""
        if self.action == "delete":
            return FactsQuery(task_list=True, stack=StackQuery(self.stack, objects_only=True))
        services = self.type == "service" and self.action == "update"
        resolve: ResolveImages = "always" if self.resolve else "never"
        stack = StackQuery(self.stack, resolve=resolve, commit=self.commit, revision=self.revision, typed=self.typed)
        return FactsQuery(services=services, stack=stack)

    @property
    def changed_service(self) -> str:
        """Return the id of an updated service: its spec from before is kept if its tasks ran."""
        return self.id if self.type == "service" else ""

    def satisfied(self, facts: Facts) -> bool:
        """Return whether a deploy would not change this object any more, or a removed one and its tasks are gone."""
        recording = facts.stack
        if recording is None:
            return False
        if self.action == "delete":
            return all(each.id != self.id for each in recording.objects) and not self._left(facts)
        write = recording.write_of(self.type, self.object)
        if write is not None:
            return changes_nothing(recording, write)
        known = recording.find(self.type, self.object)
        return self.type == "network" and known is not None and known.stack == self.stack  # it is written only once

    def failed(self, facts: Facts) -> str:
        """Return that Docker rolled this update back: then the service has its old spec again, within moments."""
        service = facts.service(self.id) if self.action == "update" else None
        update = service.update if service else None
        if update is None or update.started == self.last_update or not update.state.startswith("rollback"):
            return ""
        return "" if self.satisfied(facts) else "Docker rolled the update back because tasks failed."

    def progress(self, facts: Facts) -> str:
        """Return how many tasks of a removed service are left."""
        left = self._left(facts)
        return f"{number_of(left, 'task')} left" if left else ""

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Send the write, if it is the one that was planned."""
        engine = reading_manager(engines, facts)
        recording = facts.stack
        write = self._write(recording) if recording else None
        if recording is None or write is None or digest(recording, write) != self.digest:
            raise self._moved()
        if missing := missing_references(recording, write):
            raise Failed(f"{tick(self.object)} needs {listed(map(tick, missing))}, which does not exist.")
        image = ServiceFacts("", 0, 0, spec=write.body).image if self.type == "service" else ""
        auth = engines.stack_recorder.registry_auth(image) if image else None
        match write.action:
            case "create":
                engine.write("POST", f"/{self.type}s/create", api=write.api, body={**write.body}, registry_auth=auth)
            case "update":
                self._update(engine, recording, write, auth)
            case "delete":
                engine.write("DELETE", f"/{self.type}s/{quote(write.id, safe='')}", api=write.api)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with whether the object is as it was before."""
        del engines
        recording = facts.stack
        if error.true_now or recording is None:
            state = error.true_now or f"Whether {self.done} is unknown."
        else:
            found = recording.find(self.type, self.object)
            exists = f"{self.type} {tick(self.object)} {'exists' if found else 'does not exist'}"
            state = f"{exists}. Steps before this one are done, later ones are not."
        again = f"`/swarm {self.order} --plan` shows what is left."
        return Failed(error.happened, true_now=state, next_step=error.next_step or again)

    def _update(self, engine: Engine, recording: StackRecording, write: StackWrite, auth: Secret | None) -> None:
        known = before(recording, write)
        if known is None:
            raise self._moved()

        def send() -> None:
            params = {"version": str(self._version(engine, recording, known))}
            path = f"/{self.type}s/{quote(known.id, safe='')}/update"
            engine.write("POST", path, api=write.api, params=params, body={**write.body}, registry_auth=auth)

        retry_conflicts(send)

    def _version(self, engine: Engine, recording: StackRecording, known: StackObject) -> int:
        """Return the version to send.

        The version of a service also grows during an update, while the spec stays the same.
        """
        if known.type != "service":
            return known.version
        now = engine.service(known.id)
        if spec_digest(recording, now["Spec"]) != spec_digest(recording, known.spec):
            raise self._moved()
        return int(now["Version"]["Index"])

    def _write(self, recording: StackRecording) -> StackWrite | None:
        if self.action != "delete":
            return recording.write_of(self.type, self.object)
        return next((removal(each) for each in recording.objects if each.id == self.id), None)

    def _moved(self) -> Failed:
        return Failed(
            f"{self.type} {tick(self.object)} is not what was planned any more: the compose file, Docker's command "
            "line or the object itself has changed since.",
            true_now="This step changed nothing. Steps before it are done.",
            next_step=f"`/swarm {self.order} --plan` shows what would change now.",
        )

    def _left(self, facts: Facts) -> int:
        """Return how many tasks of a removed service are left."""
        return tasks_left(facts, self.id) if self.action == "delete" and self.type == "service" else 0


@dataclass(frozen=True, slots=True)
class AwaitService(Operation):
    """Wait until as many tasks of a deployed service's new spec as wanted have run long enough."""

    kind: ClassVar[str] = "await-service"
    check_only: ClassVar[bool] = True
    may_stop_waiting: ClassVar[bool] = True

    stack: str
    service: str
    """The service's name."""
    spec: str
    """The digest of the deployed spec."""
    id: str = ""
    """The id of an updated service; "" if it was created."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"waiting for the tasks of {tick(self.service)}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"all tasks of {tick(self.service)} have the deployed spec and run"

    @property
    def query(self) -> FactsQuery:
        """Return a query for services and tasks, and for the names behind the ids in a spec."""
        return FactsQuery(services=True, task_list=True, stack=StackQuery(self.stack, objects_only=True))

    @property
    def changed_service(self) -> str:
        """Return the id of an updated service: once its tasks run, its spec is the last good one."""
        return self.id

    def timeout(self, facts: Facts) -> float:
        """Return the timeout in seconds, by the service's update policy."""
        service = self._found(facts)
        return rollout_timeout_s(service) if service else self.timeout_s

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the service has the deployed spec, and its tasks run."""
        service = self._found(facts)
        if service is None or facts.swarm is None or not self._has_spec(facts, service):
            return False
        if service.is_job:
            return True  # a job ends by itself: that it was started is all that a deploy waits for
        return rollout(facts.swarm, service, facts.cluster_time).stable

    def failed(self, facts: Facts) -> str:
        """Return why the rollout has failed: rolled back, paused, tasks that crash or that no node takes."""
        service = self._found(facts)
        if facts.swarm is None or facts.stack is None:
            return ""
        if service is None:
            return f"{facts.name} has no service {tick(self.service)} any more."
        found = rollout(facts.swarm, service, facts.cluster_time)
        if self._has_spec(facts, service):
            return found.verdict
        if service.update and service.update.state == "rollback_started":
            return ""
        return rollback_text(service.update) or f"Somebody else has changed {tick(self.service)} since."

    def progress(self, facts: Facts) -> str:
        """Return how many tasks run."""
        service = self._found(facts)
        return rollout(facts.swarm, service, facts.cluster_time).progress if facts.swarm and service else ""

    def seen(self, facts: Facts) -> str:
        """Return the wanted state, with the number of tasks."""
        service = self._found(facts)
        if facts.swarm is None or service is None:
            return self.done
        if service.is_job:
            return f"{tick(self.service)} is a job, and was started"
        running = rollout(facts.swarm, service, facts.cluster_time).running
        return f"{tick(self.service)} has the deployed spec: {number_of(running, 'task')} running"

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Do nothing: the service was deployed before."""

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with what runs now."""
        del engines
        service = self._found(facts)
        if facts.swarm is None or service is None:
            return Failed(error.happened, true_now=error.true_now, next_step=error.next_step)
        found = rollout(facts.swarm, service, facts.cluster_time)
        which = "the deployed spec" if self._has_spec(facts, service) else "not the deployed spec"
        why = f"`/swarm why {self.service}` says why its tasks do not run."
        back = rollback_advice(facts, service, found) or why
        return Failed(
            error.happened,
            true_now=f"{tick(self.service)} has {which}; {found.progress_beside(error.happened)}.",
            next_step=error.next_step or back,
        )

    def _found(self, facts: Facts) -> ServiceFacts | None:
        services = facts.swarm.services if facts.swarm else ()
        return next((service for service in services if service.name == self.service), None)

    def _has_spec(self, facts: Facts, service: ServiceFacts) -> bool:
        return facts.stack is not None and spec_digest(facts.stack, service.spec) == self.spec
