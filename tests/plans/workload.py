"""The services and tasks of a case. A service is a replicated one with its tasks running, where a case says no more."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel

from bot.model import (
    ContainerLog,
    ContainerUsage,
    CrashLoop,
    LogLine,
    NetworkFacts,
    ServiceFacts,
    ServiceMode,
    StoredObject,
    TaskFacts,
    TaskReading,
    UpdateStatus,
    VolumeFacts,
)
from bot.model.service import STACK_LABEL
from bot.swarm.reading import parse_services
from bot.swarm.services.rollout.paused_rollout import paused
from tests.plans.parts import NOW, STRICT, Strict

MODE_KEYS: Final[Mapping[ServiceMode, str]] = MappingProxyType(
    {"replicated": "Replicated", "global": "Global", "replicated job": "ReplicatedJob", "global job": "GlobalJob"}
)


class Update(Strict):
    """The status of a service's last update, begun and ended some ``minutes`` ago; not ended: it runs or is paused."""

    state: str
    message: str = ""
    minutes: float = 10
    ended: float | None = None

    def facts(self) -> UpdateStatus:
        """Return the status as an engine has it."""
        ended = 0.0 if self.ended is None else NOW - 60 * self.ended
        return UpdateStatus(self.state, self.message, NOW - 60 * self.minutes, ended)


class Service(BaseModel):
    """A service. ``replicas`` are its own or the completions of a job; ``desired`` is what the managers want now.

    ``spec`` is merged into its spec, ``previous`` into the one before; both as an engine writes them. Its record
    changed last some ``minutes`` ago.
    """

    model_config = STRICT

    running: int = 0
    desired: int | None = None
    complaint: str = ""
    completed: int = 0
    mode: ServiceMode = "replicated"
    replicas: int = 1
    concurrent: int = 1
    image: str = "nginx:1.25"
    stack: str = ""
    constraints: list[str] = []
    update: Update | None = None
    spec: dict[str, Any] = {}
    previous: dict[str, Any] | None = None
    version: int = 7
    minutes: float = 60
    paused: bool = False
    """Whether Swarmbot paused its rollout."""
    crashed: int = 0
    """How often a task of slot 1 has failed on `host-2` with exit code 3."""

    def facts(self, name: str) -> ServiceFacts:
        """Return the service as a manager describes it."""
        spec = self.whole_spec(name, self.spec)
        counted = 0 if self.mode in {"global", "global job"} else self.replicas
        return ServiceFacts(
            name,
            self.running,
            counted if self.desired is None else self.desired,
            self.complaint,
            id=f"id-{name}",
            version=self.version,
            spec=paused(spec) if self.paused else spec,
            previous_spec=None if self.previous is None else self.whole_spec(name, self.previous),
            update=self.update.facts() if self.update else None,
            created=NOW - 60 * 60 * 24,
            updated=NOW - 60 * self.minutes,
            ports=parse_services.ports({"Spec": self.spec}),
            completed=self.completed,
            crash_loop=self._crash_loop(name),
        )

    def _crash_loop(self, name: str) -> CrashLoop | None:
        error = "task: non-zero exit (3)"
        last = Task(service=name, node="id-host-2", state="failed", slot=1, error=error, exit_code=3)
        return CrashLoop(self.crashed, last.facts(self)) if self.crashed else None

    def whole_spec(self, name: str, more: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the spec with ``more`` merged into it."""
        modes: dict[ServiceMode, Any] = {
            "replicated": {"Replicas": self.replicas},
            "replicated job": {"MaxConcurrent": self.concurrent, "TotalCompletions": self.replicas},
        }
        spec = {
            "Name": name,
            "Labels": _stack_label(self.stack),
            "Mode": {MODE_KEYS[self.mode]: modes.get(self.mode, {})},
            "TaskTemplate": {
                "ContainerSpec": {"Image": self.image},
                "Placement": {"Constraints": [*self.constraints]},
            },
        }
        return MappingProxyType(_merged(spec, more))  # as the parser does


class Task(Strict):
    """A task of a service on a node (its id), in its state for some ``minutes``, ``made`` (minutes ago) just before.

    It is made from the spec of its service, or from one with another ``image``; if ``held``, of a paused rollout.
    """

    service: str
    node: str = ""
    state: str
    wanted: bool = True
    error: str = ""
    slot: int = 0
    minutes: float = 0
    made: float | None = None
    id: str = ""
    message: str = ""
    exit_code: int | None = None
    container: str = ""
    image: str = ""
    held: bool = False

    def facts(self, service: Service) -> TaskFacts:
        """Return the task as the managers list it."""
        older = {"TaskTemplate": {"ContainerSpec": {"Image": self.image}}} if self.image else {}
        spec = _merged(service.whole_spec(self.service, service.spec), older)
        return TaskFacts(
            f"id-{self.service}",
            self.node,
            self.state,
            self.wanted,
            self.error,
            self.slot,
            NOW - 60 * self.minutes,
            id=self.id,
            message=self.message,
            exit_code=self.exit_code,
            container=self.container,
            created=NOW - (60 * self.minutes + 1 if self.made is None else 60 * self.made),
            spec=(paused(spec) if self.held else spec)["TaskTemplate"],
        )


class Network(BaseModel):
    """A network of the cluster."""

    model_config = STRICT

    name: str
    driver: str = "overlay"
    subnets: list[str] = []
    attachable: bool = False
    internal: bool = False
    ingress: bool = False
    encrypted: bool = False
    stack: str = ""

    def facts(self) -> NetworkFacts:
        """Return the network as a manager lists it."""
        return NetworkFacts(
            f"id-{self.name}",
            self.name,
            self.driver,
            tuple(self.subnets),
            self.attachable,
            self.internal,
            self.ingress,
            self.encrypted,
            labels=_stack_label(self.stack),
        )


class Stored(Strict):
    """A secret or a config, some ``minutes`` old."""

    name: str
    stack: str = ""
    minutes: float = 60

    def facts(self) -> StoredObject:
        """Return it as a manager lists it."""
        labels, created = _stack_label(self.stack), NOW - 60 * self.minutes
        return StoredObject(f"id-{self.name}", self.name, labels=labels, created=created)


class Volume(Strict):
    """A volume of a host, some ``minutes`` old."""

    name: str
    driver: str = "local"
    stack: str = ""
    minutes: float = 60

    def facts(self) -> VolumeFacts:
        """Return the volume as its engine lists it."""
        labels, created = _stack_label(self.stack), NOW - 60 * self.minutes
        return VolumeFacts(self.name, self.driver, labels=labels, created=created)


def _stack_label(stack: str) -> dict[str, str]:
    return {STACK_LABEL: stack} if stack else {}


class Reading(BaseModel):
    """What was read of a task at its node. ``lines``: one each second until now; ``cpus`` and so on: what it uses."""

    model_config = STRICT

    lines: list[str] = []
    cut: bool = False
    cpus: float | None = None
    memory: int = 0
    limit: int = 0
    out_of_memory: bool | None = None
    failure: str = ""

    def facts(self) -> TaskReading:
        """Return the reading."""
        first = NOW - len(self.lines) + 1
        lines = tuple(LogLine(first + number, text) for number, text in enumerate(self.lines))
        log = ContainerLog(lines, self.cut) if not self.failure and self.cpus is None else None
        usage = None if self.cpus is None else ContainerUsage(self.cpus, self.memory, self.limit)
        return TaskReading(log, usage, self.out_of_memory, self.failure)


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return both mappings in one; where both have a value that is no mapping, the second one's."""
    both = {name: _merged(one[name], value) for name, value in other.items() if _are_mappings(one.get(name), value)}
    return {**one, **other, **both}


def _are_mappings(one: Any, other: Any) -> bool:
    return isinstance(one, Mapping) and isinstance(other, Mapping)
