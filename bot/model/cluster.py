"""What the managers of a cluster say of it: its nodes, and all that runs on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from bot.model.host import HostFacts, TlsInfo
from bot.model.objects import NetworkFacts, StoredObject
from bot.model.service import ServiceFacts, TaskFacts

Role = Literal["worker", "manager"]


@dataclass(frozen=True, slots=True)
class NodeDescription:
    """What a node's engine reported of itself (``Description`` of ``GET /nodes``): the scheduler goes by it."""

    nano_cpus: int = 0
    """CPUs of the machine, in billionths: 2 CPUs are 2,000,000,000."""
    memory_bytes: int = 0
    generic: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """User-defined resources by kind: how many there are, counted (``gpu=2``) or named (``gpu=a``, ``gpu=b``)."""
    os: str = ""
    architecture: str = ""
    """As ``uname -m`` prints it: ``x86_64``."""
    plugins: frozenset[tuple[str, str]] | None = None
    """Pairs of type (``Volume``, ``Network``, ``Log``) and name; None if the engine did not list them."""
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The engine's labels, from its daemon.json."""


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """A node as the managers list it (``GET /nodes``)."""

    id: str
    hostname: str
    role: Role
    availability: str
    """``active``, ``pause`` or ``drain``."""
    state: str
    """``ready``, ``down``, ``unknown`` or ``disconnected``, as the managers see it."""
    version: int
    """The version of the node's record. An update must send it back."""
    spec: Mapping[str, Any]
    """The whole spec. An update must send it back with its changes."""
    host: str = ""
    """The host of swarmbot.yml that this node is; "" if there is none."""
    reachability: str = ""
    """``ManagerStatus.Reachability`` of a manager; "" for a worker, and for a manager that is not a member of Raft."""
    leader: bool = False
    address: str = ""
    """The IP address that the managers see."""
    raft_address: str = ""
    """``IP:2377`` of a manager."""
    engine_version: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tls: TlsInfo = field(default_factory=TlsInfo)
    """What the node itself reported of its certificates."""
    description: NodeDescription | None = None
    """None if the node has not reported it yet."""

    @property
    def name(self) -> str:
        """The name in swarmbot.yml, or the host name, or the id: a join that failed early leaves no host name."""
        return self.host or self.hostname or self.id

    @property
    def raft_state(self) -> str:
        """The reachability of a manager, or "not in Raft": a record alone does not make a member of Raft."""
        return self.reachability or "not in Raft"

    @property
    def ready(self) -> bool:
        """Whether the managers see the node as ready; a manager must also be reachable in Raft."""
        return self.state == "ready" and (self.role == "worker" or self.reachability == "reachable")

    @property
    def accepts_tasks(self) -> bool:
        """Whether it takes new tasks."""
        return self.state == "ready" and self.availability == "active"

    @property
    def availability_text(self) -> str:
        """Return the availability as people say it: ``drained``, ``paused``."""
        return {"drain": "drained", "pause": "paused"}.get(self.availability, self.availability)


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """The cluster as one manager describes it (``GET /swarm``, ``/nodes``, ``/services``, ``/tasks``)."""

    id: str
    read_from: str
    """The host whose engine was asked."""
    version: int
    """The version of the cluster's spec. An update must send it back."""
    spec: Mapping[str, Any]
    nodes: tuple[NodeFacts, ...]
    services: tuple[ServiceFacts, ...] = ()
    """Read for ``FactsQuery.services``."""
    task_counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Running tasks by node id, without nodes that have none. Read for ``FactsQuery.task_counts``."""
    task_list: tuple[TaskFacts, ...] = ()
    """All tasks, including past ones. Read for ``FactsQuery.task_list``; ``tasks_of`` and ``tasks_on`` select some."""
    networks: tuple[NetworkFacts, ...] = ()
    """Read for ``FactsQuery.objects``, as are secrets and configs."""
    secrets: tuple[StoredObject, ...] = ()
    configs: tuple[StoredObject, ...] = ()
    data_port: int = 4789
    """The UDP port of overlay traffic."""
    tls: TlsInfo = field(default_factory=TlsInfo)
    rotating: bool = False
    """Whether a root rotation is in progress: nodes are getting certificates from a new root."""

    @property
    def autolocked(self) -> bool:
        """Whether managers need the unlock key after each restart."""
        return bool((self.spec.get("EncryptionConfig") or {}).get("AutoLockManagers"))

    def named(self, name: str) -> list[ServiceFacts]:
        """Return the services that ``name`` means: by name, otherwise by the start of an id.

        A name means at most one.
        """
        named = [service for service in self.services if service.name == name]
        return named or [service for service in self.services if service.id.startswith(name)]

    def service(self, service_id: str) -> ServiceFacts | None:
        """Return the service with this id; None if there is none, or if services were not read."""
        return next((service for service in self.services if service.id == service_id), None)

    def tasks_of(self, service_id: str) -> list[TaskFacts]:
        """Return the tasks of the service with this id, including past ones and those of a removed service."""
        return [task for task in self.task_list if task.service == service_id]

    @property
    def ready_count(self) -> int:
        """How many nodes the managers call ready; a manager that is not reachable in Raft may be one of them."""
        return sum(node.state == "ready" for node in self.nodes)

    @property
    def managers(self) -> tuple[NodeFacts, ...]:
        """All managers, including unreachable ones."""
        return tuple(node for node in self.nodes if node.role == "manager")

    @property
    def leader(self) -> NodeFacts | None:
        """The Raft leader; None if there is none."""
        return next((node for node in self.nodes if node.leader), None)

    def node(self, node_id: str) -> NodeFacts | None:
        """Return the node with this id; None if there is none."""
        return next((node for node in self.nodes if node.id == node_id), None)

    def node_of(self, host: HostFacts) -> NodeFacts | None:
        """Return the node that this host is now; None if it is not a member."""
        return self.node(host.node_id) if host.node_id and host.in_swarm else None
