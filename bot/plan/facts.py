"""What was seen of a cluster and its hosts at one moment. Frozen, and without any I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from bot.errors import HostProblem
from bot.plan.ports import Interface, Reach
from bot.plan.workload import ServiceFacts, TaskFacts
from bot.secret import Secret

Membership = Literal["inactive", "pending", "active", "locked", "error"]
Role = Literal["worker", "manager"]
Revealed = Literal["worker token", "manager token", "unlock key"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a host could not be read: the words of the error that stopped it."""

    problem: HostProblem | Literal["engine error"]
    happened: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A node's TLS certificate: its issuer's common name, that issuer's key id and its end in unix seconds."""

    issuer: str
    issuer_key: str
    expires: float


@dataclass(frozen=True, slots=True)
class HostFacts:
    """One machine of swarmbot.yml as its own engine describes it (``GET /info``).

    With ``trouble`` set nothing else was seen. ``membership`` is the engine's ``LocalNodeState``; ``swarm_error`` its
    ``Swarm.Error`` (set when quorum is lost). ``swarm_id`` is known to managers alone. ``clock_offset`` is in
    seconds, host minus bot. ``reaches`` maps ``address:port`` to what a connection from this host met;
    ``reached`` is what a connection from a manager to this host's 2377/tcp met (refused: passed, and nobody listens).
    """

    name: str
    address: str
    trouble: Trouble | None = None
    hostname: str = ""
    engine_version: str = ""
    membership: Membership = "inactive"
    swarm_error: str = ""
    swarm_id: str = ""
    node_id: str = ""
    node_address: str = ""
    is_manager: bool = False
    managers: tuple[str, ...] = ()
    clock_offset: float | None = None
    interfaces: tuple[Interface, ...] = ()
    reaches: Mapping[str, Reach] = field(default_factory=lambda: MappingProxyType({}))
    reached: Reach | None = None
    certificate: Certificate | None = None

    @property
    def answers(self) -> bool:
        """Whether the host's engine could be read."""
        return self.trouble is None

    @property
    def in_a_swarm(self) -> bool:
        """Whether the engine believes itself a member of some swarm, locked and failed ones included."""
        return self.membership in {"active", "locked", "error"}


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

    @property
    def name(self) -> str:
        """The name that people use: swarmbot.yml's where it is known."""
        return self.host or self.hostname

    @property
    def ready(self) -> bool:
        """Whether the managers see the node ready; a manager must be reachable in Raft too."""
        return self.state == "ready" and (self.role == "worker" or self.reachability == "reachable")


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """The swarm as the manager ``read_from`` describes it. ``spec`` and ``version`` are those of ``GET /swarm``.

    ``tasks`` counts the running tasks of each node id that has some, if they were looked for; ``task_list`` has all,
    those of the past too.
    """

    id: str
    read_from: str
    version: int
    spec: Mapping[str, Any]
    nodes: tuple[NodeFacts, ...]
    services: tuple[ServiceFacts, ...] = ()
    tasks: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    task_list: tuple[TaskFacts, ...] = ()

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
class Facts:
    """All that a plan or an answer may rest on. ``name`` is the cluster's in swarmbot.yml; ``at`` is unix seconds.

    ``swarm`` is None when no manager with a quorum could be read: either no host of the cluster is in a swarm yet, or
    the quorum is lost or out of reach; ``hosts`` tell which. ``secrets`` holds only what the command asked to see.
    ``foreign`` maps addresses to the other cluster of swarmbot.yml whose host has them. ``ca_files`` maps pairs of host
    and path to the PEM certificates there; what could not be read is in ``unread`` with the reason.
    """

    name: str
    at: float
    hosts: Mapping[str, HostFacts]
    swarm: ClusterFacts | None = None
    secrets: Mapping[Revealed, Secret] = field(default_factory=lambda: MappingProxyType({}))
    foreign: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ca_files: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    unread: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))

    def host(self, name: str) -> HostFacts:
        """The facts of a machine of swarmbot.yml; KeyError if it was not looked at."""
        return self.hosts[name]

    def member(self, host: str) -> NodeFacts | None:
        """The machine's record in *this* cluster, None when it is no member."""
        facts = self.hosts.get(host)
        return self.swarm.node_of(facts) if self.swarm and facts and facts.answers else None
