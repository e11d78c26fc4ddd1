"""What was seen of a cluster and its hosts at one moment. Frozen, and without any I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from bot.errors import HostProblem
from bot.plan.backups import Shelved
from bot.plan.freeze import Freeze
from bot.plan.host_keys import HostKey
from bot.plan.mesh import Mesh
from bot.plan.passages import Passage
from bot.plan.ports import Interface, Reach
from bot.plan.tls import Certificate, TlsInfo
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


@dataclass(frozen=True, slots=True, order=True)
class RaftPosition:
    """Where a manager's Raft log ends. Raft's own order of age: the higher term, then the higher index, is newer."""

    term: int
    index: int


@dataclass(frozen=True, slots=True)
class HostFacts:
    """One machine of swarmbot.yml as its own engine describes it (``GET /info``).

    With ``trouble`` set nothing else was seen. ``membership`` is the engine's ``LocalNodeState``; ``swarm_error`` its
    ``Swarm.Error`` (set when quorum is lost). ``swarm_id`` is known to managers alone. ``clock_offset`` is in
    seconds, host minus bot; of hosts that were examined closely and of managers beside them. ``placed`` tells of its
    swarm folder, if it was looked at: "" when it is empty, the id of the backup that is in it, or ``other``. ``peers``
    maps the other managers that a manager knows (``address:port``) to what its connections to them met, ``raft`` is
    where its Raft log ends. ``heard`` is what a manager's connection met to one that does not answer the bot.
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
    certificate: Certificate | None = None
    placed: str | None = None
    peers: Mapping[str, Reach] = field(default_factory=lambda: MappingProxyType({}))
    heard: Reach | None = None
    raft: RaftPosition | None = None

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
    tls: TlsInfo = field(default_factory=TlsInfo)

    @property
    def name(self) -> str:
        """The name that people use: swarmbot.yml's where it is known."""
        return self.host or self.hostname

    @property
    def ready(self) -> bool:
        """Whether the managers see the node ready; a manager must be reachable in Raft too."""
        return self.state == "ready" and (self.role == "worker" or self.reachability == "reachable")


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

    ``error`` is what its engine or the scheduler says of it: why it failed, or why no node can take it.
    """

    service: str
    node: str
    state: str
    wanted: bool
    error: str = ""

    @property
    def alive(self) -> bool:
        """Whether its node has it to run, or to stop still."""
        return self.state in ALIVE


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
    ``good_until`` is when the token among them is rotated at the latest, in unix seconds; 0: nobody was promised that.
    ``foreign`` maps addresses to the other cluster of swarmbot.yml whose host has them. ``ca_files`` maps pairs of host
    and path to the PEM certificates there; what could not be read is in ``unread`` with the reason. ``passages`` are
    the ways between hosts that were tried; ``took`` is how many seconds all the reading took. ``host_keys`` has for a
    host the SSH keys on the way to it, up to the first that is not trusted; ``keyless`` why there are none. ``mesh`` is
    a trial of the overlay; ``mesh_trouble`` why there was none. ``freeze`` is told to questions alone. ``given``
    is the secret that the asker typed into a form for this job, while its steps run. ``backups`` are the cluster's, if
    they were looked for.
    """

    name: str
    at: float
    hosts: Mapping[str, HostFacts]
    swarm: ClusterFacts | None = None
    secrets: Mapping[Revealed, Secret] = field(default_factory=lambda: MappingProxyType({}))
    foreign: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ca_files: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    unread: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    good_until: float = 0.0
    passages: tuple[Passage, ...] = ()
    took: float = 0.0
    host_keys: Mapping[str, tuple[HostKey, ...]] = field(default_factory=lambda: MappingProxyType({}))
    keyless: Mapping[str, Trouble] = field(default_factory=lambda: MappingProxyType({}))
    mesh: Mesh | None = None
    mesh_trouble: str = ""
    freeze: Freeze | None = None
    given: Secret | None = None
    backups: Shelved = field(default_factory=Shelved)

    def host(self, name: str) -> HostFacts:
        """The facts of a machine of swarmbot.yml; KeyError if it was not looked at."""
        return self.hosts[name]

    def member(self, host: str) -> NodeFacts | None:
        """The machine's record in *this* cluster, None when it is no member."""
        facts = self.hosts.get(host)
        return self.swarm.node_of(facts) if self.swarm and facts and facts.answers else None
