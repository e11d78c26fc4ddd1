"""Services and their tasks, as the managers describe them (``GET /services``, ``/tasks``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

ServiceMode = Literal["replicated", "global", "replicated job", "global job"]
MODES: Final[Mapping[str, ServiceMode]] = MappingProxyType(
    {"Global": "global", "ReplicatedJob": "replicated job", "GlobalJob": "global job"}
)
"""The mode by its key in a spec's ``Mode``; anything else is replicated, Docker's default."""
STACK_LABEL: Final = "com.docker.stack.namespace"
NANOSECONDS: Final = 1_000_000_000
DEFAULT_STOP_GRACE_S: Final = 10.0
"""The grace period of a service whose spec has none."""
NO_PLATFORM: Final[Mapping[str, str]] = MappingProxyType({"Architecture": "paused", "OS": "swarmbot"})
"""A platform that no node has: it pauses a rollout (``rollout/paused_rollout.py``). Docker accepts any words."""
NO_SPEC: Final[Mapping[str, Any]] = MappingProxyType({})


def is_blocked(template: Mapping[str, Any]) -> bool:
    """Return whether no node takes a task with this template: its rollout is paused."""
    return list((template.get("Placement") or {}).get("Platforms") or ()) == [NO_PLATFORM]


@dataclass(frozen=True, slots=True)
class UpdateStatus:
    """What the managers say of the last update.

    ``completed`` does not prove that its tasks run (docs/swarm-behaviour.md#updates-of-services).
    """

    state: str
    """``updating``, ``paused``, ``completed``, ``rollback_started``, ``rollback_paused`` or ``rollback_completed``."""
    message: str
    started: float = 0.0
    """Unix seconds; 0 if the engine does not say."""
    completed: float = 0.0
    """Unix seconds; 0 while it runs, and if it paused."""


@dataclass(frozen=True, slots=True)
class Port:
    """A published port of a service."""

    published: int
    """0 if the managers have assigned none yet."""
    target: int
    """The port in the container."""
    protocol: str = "tcp"
    on_host: bool = False
    """Whether it is a port of each task's node; otherwise one of the ingress mesh."""


@dataclass(frozen=True, slots=True)
class CrashLoop:
    """Tasks of one slot (for a global service, of one node) that fail again and again."""

    failures: int
    """How many of them failed within the last minutes, as far as the managers keep them."""
    last: TaskFacts
    """The latest of these."""


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A service and how many of its tasks run."""

    name: str
    running: int
    """How many of its tasks run, without those on nodes that are down, which the managers still count."""
    desired: int
    """How many tasks the managers want now. It is 0 for a global service in a crash loop, on any number of nodes.

    :func:`bot.swarm.services.service_state.wanted_tasks` returns how many should run."""
    complaint: str = ""
    """Why the missing tasks are not running, in the scheduler's or the engine's words."""
    id: str = ""
    version: int = 0
    """The version of the service's record. An update must send it back."""
    spec: Mapping[str, Any] = field(default_factory=lambda: NO_SPEC, repr=False)
    """The whole spec. An update must send it back with its changes. Environment values in it may be secrets."""
    previous_spec: Mapping[str, Any] | None = field(default=None, repr=False)
    """What ``docker service rollback`` returns to. Any update overwrites it. None if there was none."""
    update: UpdateStatus | None = None
    """None for a new service, and after an update that makes no task differ."""
    created: float = 0.0
    """Unix seconds."""
    updated: float = 0.0
    """Unix seconds of the last change of the record."""
    ports: tuple[Port, ...] = ()
    """Its published ports, as the managers assigned them."""
    completed: int = 0
    """How many tasks of a job have completed."""
    crash_loop: CrashLoop | None = None
    """Found if its tasks were read: by ``FactsQuery.restarts``, or for another reason. None proves nothing."""

    def ended_early(self, task: TaskFacts) -> bool:
        """Return whether a task failed, or ended by itself with exit code 0 although its service is no job.

        A task whose health check fails ends in this way too, if its process exits with 0 when Docker stops it.
        """
        return task.failed or (task.state == "complete" and not self.is_job)

    @property
    def template(self) -> Mapping[str, Any]:
        """The spec of its tasks (``TaskTemplate``)."""
        return self.spec.get("TaskTemplate") or NO_SPEC

    @property
    def container(self) -> Mapping[str, Any]:
        """The spec of its containers (``ContainerSpec``); empty for a plugin."""
        return self.template.get("ContainerSpec") or NO_SPEC

    @property
    def mode(self) -> ServiceMode:
        """How many tasks it wants, and whether they end."""
        found = self.spec.get("Mode") or NO_SPEC
        for key in found:
            if key in MODES:
                return MODES[key]
        return "replicated"

    @property
    def replicas(self) -> int:
        """The wanted number of tasks of a replicated service; Docker's default is 1."""
        wanted = ((self.spec.get("Mode") or NO_SPEC).get("Replicated") or NO_SPEC).get("Replicas")
        return 1 if wanted is None else int(wanted)

    @property
    def completions(self) -> int:
        """How many tasks of a replicated job are to complete; Docker's default is as many as run at once."""
        wanted = ((self.spec.get("Mode") or NO_SPEC).get("ReplicatedJob") or NO_SPEC).get("TotalCompletions")
        return self.concurrent if wanted is None else int(wanted)

    @property
    def concurrent(self) -> int:
        """How many tasks of a replicated job may run at once; Docker's default is 1."""
        limit = ((self.spec.get("Mode") or NO_SPEC).get("ReplicatedJob") or NO_SPEC).get("MaxConcurrent")
        return 1 if limit is None else int(limit)

    @property
    def image(self) -> str:
        """The image as the spec names it, with its digest if it has one."""
        return str(self.container.get("Image") or "")

    @property
    def forced(self) -> int:
        """How often all its tasks were restarted by force (``ForceUpdate``), or how often a job was run again."""
        return int(self.template.get("ForceUpdate") or 0)

    @property
    def stack(self) -> str:
        """The stack that it is part of; "" if there is none."""
        return str((self.spec.get("Labels") or NO_SPEC).get(STACK_LABEL, ""))

    @property
    def constraints(self) -> tuple[str, ...]:
        """Placement constraints as written: ``node.labels.zone==b``."""
        return tuple((self.template.get("Placement") or NO_SPEC).get("Constraints") or ())

    @property
    def is_global(self) -> bool:
        """Whether it runs one task on every node that meets the constraints."""
        return self.mode in {"global", "global job"}

    @property
    def is_job(self) -> bool:
        """Whether its tasks are to complete."""
        return self.mode in {"replicated job", "global job"}

    @property
    def stop_grace(self) -> float:
        """Seconds that a task may take to stop."""
        grace = self.container.get("StopGracePeriod")
        return DEFAULT_STOP_GRACE_S if grace is None else float(grace) / NANOSECONDS


ALIVE: Final = frozenset({"assigned", "accepted", "preparing", "ready", "starting", "running"})
"""States of a task that its node works on, or is about to."""
ENDED: Final = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})
"""States of a task that will not run again."""


@dataclass(frozen=True, slots=True)
class GoodSpec:
    """A spec of a service whose tasks were seen to run."""

    spec: Mapping[str, Any] = field(repr=False)
    """Environment values in it may be secrets."""
    seen: float
    """When they were last seen to run, unix seconds."""


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """One task of a service."""

    service: str
    """The id of its service."""
    node: str
    """The id of its node; "" while it has none."""
    state: str
    wanted: bool
    """Whether it is meant to run; a job's: to run and complete."""
    error: str = ""
    """Why it failed or cannot be placed, in the engine's or the scheduler's words."""
    slot: int = 0
    """Its number in the service; 0 for a global service."""
    since: float = 0.0
    """When it entered its state, in unix seconds."""
    id: str = ""
    message: str = ""
    """What the engine says of the state: "pending task scheduling", "preparing"."""
    exit_code: int | None = None
    """The exit code of its container; None if it has not ended, or if no container was made."""
    container: str = ""
    """The id of its container on its node; "" if none was made."""
    created: float = 0.0
    """Unix seconds."""
    spec: Mapping[str, Any] = field(default_factory=lambda: NO_SPEC, repr=False)
    """The spec that it was made from: the ``TaskTemplate`` of its service at that time."""
    host_ports: frozenset[tuple[int, str]] = frozenset()
    """Ports of its node that it holds, with their protocols; empty until its container runs."""
    network_drivers: tuple[str, ...] = ()
    """The drivers of the networks that it is attached to; empty until the managers have attached it."""

    @property
    def place(self) -> str:
        """Its place, which the tasks that it replaced had too: its service, and its slot or (global) its node."""
        return f"{self.service}.{self.slot or self.node}"

    def name_in(self, service: str) -> str:
        """Return its name if ``service`` is the name of its service: ``web.2``; for a global service ``web``."""
        return f"{service}.{self.slot}" if self.slot else service

    @property
    def alive(self) -> bool:
        """Whether its node runs it, is about to, or has not stopped it yet."""
        return self.state in ALIVE

    @property
    def ended(self) -> bool:
        """Whether it will not run again: another task takes its place, if one is wanted."""
        return self.state in ENDED

    @property
    def failed(self) -> bool:
        """Whether it ended by itself without success."""
        return self.state in {"failed", "rejected"}
