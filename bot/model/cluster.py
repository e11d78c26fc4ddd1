"""What the managers of a cluster say of it: nodes, services, tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from bot.model.host import HostFacts, TlsInfo

Role = Literal["worker", "manager"]


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """One record of the cluster's node list. ``host`` is the machine's name in swarmbot.yml, "" when it is not there.

    ``reachability`` is "" for workers. ``address`` is what the managers see; ``raft_address`` is ``IP:2377`` of a
    manager. ``version`` and ``spec`` are what an update must send back.
    """

    id: str
    hostname: str
    role: Role
    availability: str
    state: str
    version: int
    spec: Mapping[str, Any]
    host: str = ""
    reachability: str = ""
    leader: bool = False
    address: str = ""
    raft_address: str = ""
    engine_version: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tls: TlsInfo = field(default_factory=TlsInfo)

    @property
    def name(self) -> str:
        """The name that people use: swarmbot.yml's where it is known."""
        return self.host or self.hostname

    @property
    def standing(self) -> str:
        """How a manager stands in Raft, in Docker's word for it; a record alone makes no member of Raft."""
        return self.reachability or "not in Raft"

    @property
    def ready(self) -> bool:
        """Whether the managers see the node ready; a manager must be reachable in Raft too."""
        return self.state == "ready" and (self.role == "worker" or self.reachability == "reachable")


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """The swarm as the manager ``read_from`` describes it. ``spec`` and ``version`` are those of ``GET /swarm``.

    ``tasks`` counts the running tasks of each node id that has some, if they were looked for; ``task_list`` has all,
    those of the past too. ``data_port`` is the UDP port of overlay traffic. ``rotating``: nodes are being given
    certificates of a new root.
    """

    id: str
    read_from: str
    version: int
    spec: Mapping[str, Any]
    nodes: tuple[NodeFacts, ...]
    services: tuple[ServiceFacts, ...] = ()
    tasks: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    task_list: tuple[TaskFacts, ...] = ()
    data_port: int = 4789
    tls: TlsInfo = field(default_factory=TlsInfo)
    rotating: bool = False

    @property
    def autolocked(self) -> bool:
        """Whether its managers need the unlock key after each restart."""
        return bool((self.spec.get("EncryptionConfig") or {}).get("AutoLockManagers"))

    @property
    def managers(self) -> tuple[NodeFacts, ...]:
        """The manager records, the unreachable included."""
        return tuple(node for node in self.nodes if node.role == "manager")

    @property
    def leader(self) -> NodeFacts | None:
        """The node that leads Raft now."""
        return next((node for node in self.nodes if node.leader), None)

    def node(self, node_id: str) -> NodeFacts | None:
        """The record with this id."""
        return next((node for node in self.nodes if node.id == node_id), None)

    def node_of(self, host: HostFacts) -> NodeFacts | None:
        """The record of this machine's present membership."""
        return self.node(host.node_id) if host.node_id and host.in_a_swarm else None


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A service, how many tasks it runs, how many it should, and why the missing ones are not placed.

    ``constraints`` are its placement's, as written (``node.labels.zone==b``); a global service runs a task on every
    node that meets them. ``stop_grace``: seconds that a task may take to stop, 10 unless its spec says otherwise.
    """

    name: str
    running: int
    desired: int
    complaint: str = ""
    id: str = ""
    constraints: tuple[str, ...] = ()
    is_global: bool = False
    stop_grace: float = 10.0

    @property
    def short(self) -> int:
        """How many tasks are missing."""
        return max(0, self.desired - self.running)


ALIVE: Final = frozenset({"assigned", "accepted", "preparing", "ready", "starting", "running"})
"""States of a task that its node works on or will."""


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task: its service's id, its node's ("" while it has none) and whether it is meant to run.

    ``error`` is what its engine or the scheduler says of it: why it failed, or why no node can take it. ``slot`` is its
    number in the service, 0 of a global one; ``since`` is when it came to its state, in unix seconds.
    """

    service: str
    node: str
    state: str
    wanted: bool
    error: str = ""
    slot: int = 0
    since: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether its node has it to run, or to stop still."""
        return self.state in ALIVE
