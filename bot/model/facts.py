"""What was read of a cluster and its hosts at one moment, and the query that says what to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from bot.model.backups import BackupList
from bot.model.cluster import ClusterFacts, NodeFacts
from bot.model.host import HostFacts, HostFailure, HostKey
from bot.model.network import Mesh, ProbedRoute
from bot.secrets.secret import Secret

Revealed = Literal["worker token", "manager token", "unlock key"]


@dataclass(frozen=True, slots=True)
class Freeze:
    """A freeze that holds. ``until`` is in unix seconds; ``by`` is U…, or "" where swarmbot.yml ``scheduled`` it."""

    cluster: str
    until: float
    by: str
    reason: str
    scheduled: bool = False


@dataclass(frozen=True, slots=True)
class FactsQuery:
    """What must be seen beside the cluster itself.

    ``cluster_id``: the cluster that is meant, "" for the one that most hosts are in. ``hosts``: those to wait for;
    others are in the facts only if they happened to answer by then. ``all_hosts``: wait for each of swarmbot.yml, as
    for every plan and for secrets. ``probe``: hosts to examine closely, as people call them or their nodes (clock,
    interfaces, the ways between them and the managers). ``every_peer``: the ways between those and workers, and each
    other, too. ``mesh``: every way between all nodes, and the overlay by temporary containers on them.
    ``certificates``: read issuer and end of the node certificates of the hosts that are waited for. ``services``:
    count their tasks. ``tasks``: count how many each node runs. ``task_list``: list every task. ``secrets``: to be read
    and shown to the asker; ``once``: the token among them is shown for one node, and rotated after that. ``ca_files``:
    certificate files on hosts, as pairs of host and path. ``host_keys``: hosts whose SSH keys are wanted. ``backups``:
    those that are kept of the cluster. ``placed``: hosts whose swarm folder to look at. ``raft``: of every host its
    clock and interfaces, of managers where their Raft logs end and which of their peers they reach, and of hosts whose
    engine does not run what swarm state is on their disk; ``peers``: of managers only which peers they reach;
    ``stopped``: hosts of which only the last is wanted. ``key_files``: hosts of which the key file is wanted; ``raft``
    has those of all managers. ``patience``: how many seconds a host, and then a manager asked for the cluster, may
    take.
    """

    cluster_id: str = ""
    hosts: tuple[str, ...] = ()
    all_hosts: bool = False
    probe: tuple[str, ...] = ()
    every_peer: bool = False
    mesh: bool = False
    certificates: bool = False
    services: bool = False
    tasks: bool = False
    task_list: bool = False
    secrets: tuple[Revealed, ...] = ()
    ca_files: tuple[tuple[str, str], ...] = ()
    once: bool = False
    host_keys: tuple[str, ...] = ()
    backups: bool = False
    placed: tuple[str, ...] = ()
    raft: bool = False
    stopped: tuple[str, ...] = ()
    peers: bool = False
    key_files: tuple[str, ...] = ()
    patience: float = 15.0


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
