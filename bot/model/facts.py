"""What was seen of a cluster and its hosts at one moment. Frozen, and without any I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from bot.model.backups import BackupList
from bot.model.freeze import Freeze
from bot.model.host import HostFacts, HostFailure
from bot.model.host_keys import HostKey
from bot.model.mesh import Mesh
from bot.model.reachability import ProbedRoute
from bot.model.tls import TlsInfo
from bot.model.workload import ServiceFacts, TaskFacts
from bot.secrets.secret import Secret

Role = Literal["worker", "manager"]
Revealed = Literal["worker token", "manager token", "unlock key"]


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
class Facts:
    """All that a plan or an answer may rest on. ``name`` is the cluster's in swarmbot.yml; ``at`` is unix seconds.

    ``swarm`` is None when no manager with a quorum could be read: either no host of the cluster is in a swarm yet, or
    the quorum is lost or out of reach; ``hosts`` tell which. ``secrets`` holds only what the command asked to see.
    ``good_until`` is when the token among them is rotated at the latest, in unix seconds; 0: nobody was promised that.
    ``foreign`` maps addresses to the other cluster of swarmbot.yml whose host has them. ``ca_files`` maps pairs of host
    and path to the PEM certificates there; what could not be read is in ``unread`` with the reason.
    ``probed_routes`` are the ways between hosts that were tried; ``took`` is how many seconds all the reading took.
    ``host_keys`` has for a host the SSH keys on the way to it, up to the first that is not trusted; ``keyless`` why
    there are none. ``mesh`` is a trial of the overlay; ``mesh_failure`` why there was none. ``freeze`` is told to
    questions alone. ``typed_secret`` is the secret that the asker typed into a form for this job, while its steps
    run. ``backups`` are the cluster's, if they were looked for.
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
    probed_routes: tuple[ProbedRoute, ...] = ()
    took: float = 0.0
    host_keys: Mapping[str, tuple[HostKey, ...]] = field(default_factory=lambda: MappingProxyType({}))
    keyless: Mapping[str, HostFailure] = field(default_factory=lambda: MappingProxyType({}))
    mesh: Mesh | None = None
    mesh_failure: str = ""
    freeze: Freeze | None = None
    typed_secret: Secret | None = None
    backups: BackupList = field(default_factory=BackupList)

    @property
    def cluster_id(self) -> str:
        """The id of the cluster that was read, "" where there was none to read."""
        return self.swarm.id if self.swarm else ""

    def host(self, name: str) -> HostFacts:
        """The facts of a machine of swarmbot.yml; KeyError if it was not looked at."""
        return self.hosts[name]

    def member(self, host: str) -> NodeFacts | None:
        """The machine's record in *this* cluster, None when it is no member."""
        facts = self.hosts.get(host)
        return self.swarm.node_of(facts) if self.swarm and facts and facts.answers else None
