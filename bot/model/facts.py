"""What was read of a cluster and its hosts at one moment, and the query that says what to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from bot.model.backups import BackupList
from bot.model.cluster import ClusterFacts, NodeFacts
from bot.model.containers import LogQuery, TaskReading
from bot.model.history import History
from bot.model.host import HostFacts, HostFailure, HostKey
from bot.model.incident import Incident
from bot.model.network import Mesh, ProbedRoute
from bot.model.service import GoodSpec, ServiceFacts
from bot.model.stack import StackQuery, StackRecording, StackRevision
from bot.secrets.secret import Secret

Revealed = Literal["worker token", "manager token", "unlock key"]


@dataclass(frozen=True, slots=True)
class Freeze:
    """A change freeze that is active: each change needs one more approval."""

    cluster: str
    until: float
    """Unix seconds."""
    by: str
    """The Slack user (U…) who started it; "" for a freeze from swarmbot.yml."""
    reason: str
    scheduled: bool = False
    """Whether it comes from swarmbot.yml."""


@dataclass(frozen=True, slots=True)
class ClosedChannel:
    """The cluster's channel, where Slack refuses messages: as the last message showed."""

    id: str
    reason: str
    """Slack's error code."""
    next_step: str
    since: float
    """Unix seconds of the first message that was refused."""


OpenChangeState = Literal["awaiting approval", "awaiting confirmation", "queued", "running"]


@dataclass(frozen=True, slots=True)
class OpenChange:
    """A change of the cluster that waits or runs, from Swarmbot's own records."""

    id: str
    """The job's id."""
    words: str
    """The command as typed, without secrets."""
    requester: str
    """A Slack user (U…)."""
    state: OpenChangeState
    names: tuple[str, ...] = ()
    """The hosts and nodes in its arguments."""
    approvals: tuple[int, int] = (0, 0)
    """How many approvals it has, and how many it needs, while it waits for approval."""
    expires: float = 0.0
    """When the request for approval or confirmation expires, in unix seconds; 0 if it waits for neither."""
    outdated: str = ""
    """While it waits for a decision: what has changed since its plan was made, so that the plan no longer applies."""

    @property
    def command(self) -> str:
        """The command's name."""
        return self.words.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class FactsQuery:
    """Which facts to read in addition to the cluster's own."""

    cluster_id: str = ""
    """The cluster to read; "" for the one that most hosts are part of."""
    hosts: tuple[str, ...] = ()
    """Hosts to wait for. Others are in the facts only if they responded by then."""
    only_hosts: tuple[str, ...] = ()
    """The hosts to read; () for every host. Those in ``hosts`` are always read."""
    all_hosts: bool = False
    """Wait for every host that is read, as each plan and each secret needs."""
    probe: tuple[str, ...] = ()
    """Hosts (or their nodes) to examine: clock, interfaces, and the routes between them and the managers."""
    every_peer: bool = False
    """Also probe the routes between those hosts and the workers, and among those hosts."""
    probe_again: bool = False
    """Test routes again that were not tested in time: a blocked port must stop a join on a busy machine too."""
    new_managers: tuple[str, ...] = ()
    """Hosts that become the managers of a cluster that does not exist yet."""
    data_port: int = 0
    """The port of its overlay traffic; 0 for Docker's default."""
    interfaces: bool = False
    """Read the network interfaces of every host. A host whose interfaces cannot be read has none in the facts."""
    mesh: bool = False
    """Probe every route between all nodes, and test the overlay network with temporary containers on them."""
    mesh_nodes: tuple[str, ...] = ()
    """Ids of the nodes between which ``mesh`` tests; () for all."""
    certificates: bool = False
    """Read issuer and expiry of the node certificates of the hosts to wait for."""
    services: bool = False
    """Read the services, with the number of their running tasks."""
    restarts: bool = False
    """Find services whose tasks fail again and again although as many as wanted run now. Needs ``services``."""
    task_counts: bool = False
    """Count the running tasks of each node."""
    task_list: bool = False
    """Read every task."""
    tasks_of: str = ""
    """A service, node or stack whose tasks alone to read, by name or the start of an id. Needs ``services``."""
    tasks_on: str = ""
    """A node whose tasks alone to read, by name or the start of its id."""
    good_spec_of: str = ""
    """A service, by name or id, whose last good spec to read from Swarmbot's own records. Needs ``services``."""
    good_specs: bool = False
    """Read the last good specs of all services. Needs ``services``."""
    objects: tuple[Literal["networks", "secrets", "configs"], ...] = ()
    """Which of them to list: names and labels. An engine sends the contents of all configs with their names."""
    volumes: tuple[str, ...] = ()
    """Hosts (or their nodes) whose volumes to list."""
    task_logs: LogQuery | None = None
    """Log lines to read at the nodes of tasks. Needs ``services`` and ``task_list``, as ``task_usage`` does."""
    task_usage: str = ""
    """A service, by name or the start of its id, whose tasks' use of CPU and memory to read at their nodes."""
    disk: bool = False
    """Read what the engines' data occupies: on ``hosts`` (or their nodes), or on all if none is named."""
    images: bool = False
    """List the images of ``hosts`` (or their nodes), or of all if none is named."""
    image: str = ""
    """An image to look for: in the lists of all hosts' images, and if no active node has it in its registry."""
    wait_s: float = 0.0
    """Seconds to wait before reading. Only for questions: the lines that a log gets meanwhile."""
    secrets: tuple[Revealed, ...] = ()
    """Secrets to show to the requester."""
    ca_files: tuple[tuple[str, str], ...] = ()
    """Certificate files to read, as pairs of host and path."""
    one_time: bool = False
    """The token among the secrets is shown for one node and rotated afterwards."""
    host_keys: tuple[str, ...] = ()
    """Hosts whose SSH host keys to read."""
    backups: bool = False
    """List the backups of the cluster."""
    stack: StackQuery | None = None
    """The stack whose deploy to record."""
    revisions_of: str = ""
    """The stack whose revisions to list, from Swarmbot's own records."""
    listed_stacks: bool = False
    """Name the stacks that swarmbot.yml lists, deployed or not."""
    tried_networks: tuple[str, ...] = ()
    """Managers through whose engine to create a network of the cluster, which is removed again."""
    swarm_folders: tuple[str, ...] = ()
    """Hosts whose swarm folder to examine."""
    raft_state: bool = False
    """Read what a recovery needs to know.

    Of every host: clock and interfaces. Of managers: the end of the Raft log, the key file, and which other managers
    they reach. Of hosts whose engine is stopped: the swarm state on disk.
    """
    stopped_engines: tuple[str, ...] = ()
    """Hosts whose swarm state on disk to read if their engine is stopped."""
    peer_reach: bool = False
    """Read which other managers each manager reaches."""
    key_files: tuple[str, ...] = ()
    """Hosts whose key file to read."""
    open_changes: bool = False
    """List the cluster's changes that wait or run. Only for questions."""
    incidents: bool = False
    """List the cluster's open incidents. Only for questions."""
    history: bool = False
    """Read only what watch recorded of the cluster, and no host."""
    ask_again: tuple[str, ...] = ()
    """Managers to ask again each second while they do not answer. Once most of them do, no other host is waited for.

    Calls from before an election hang for up to 20 s, those that begin after it do not
    (docs/swarm-behaviour.md#managers-and-raft).
    """
    try_silent: Literal["all", "reachable", "none"] = "all"
    """Which managers that do not respond to Swarmbot another manager tries to connect to, for up to 3 s. ``reachable``:
    only those that the managers report as reachable."""
    timeout_s: float = 15.0
    """Time-out for a host, and then for the manager that is asked for the cluster, in seconds."""

    @property
    def examines(self) -> bool:
        """Whether it reads more of the hosts than their engines know, which takes seconds."""
        named = (self.probe, self.swarm_folders, self.stopped_engines, self.key_files, self.host_keys, self.ca_files)
        return self.mesh or self.raft_state or any((*named, self.tried_networks))


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a plan or an answer is made from."""

    name: str
    """The cluster's name in swarmbot.yml."""
    at: float
    """When it was read, in unix seconds."""
    hosts: Mapping[str, HostFacts]
    """The hosts that were read, by their names in swarmbot.yml."""
    swarm: ClusterFacts | None = None
    """None if no manager with a quorum could be read.

    Either no host is part of a cluster yet, or the quorum is lost or unreachable; ``hosts`` show which."""
    task_readings: Mapping[str, TaskReading] = field(default_factory=lambda: MappingProxyType({}))
    """What was read at the nodes of tasks for ``FactsQuery.task_logs`` and ``task_usage``, by task id."""
    secrets: Mapping[Revealed, Secret] = field(default_factory=lambda: MappingProxyType({}))
    """Only the secrets that the command asked for."""
    other_clusters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Addresses of hosts that belong to another cluster of swarmbot.yml, with that cluster's name."""
    ca_files: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    """PEM certificates by host and path."""
    unread_ca_files: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    """Why a certificate file could not be read, by host and path."""
    token_valid_until: float = 0.0
    """When the token among the secrets is rotated at the latest, in unix seconds; 0 if no rotation is pending."""
    probed_routes: tuple[ProbedRoute, ...] = ()
    duration_s: float = 0.0
    """How long reading took, in seconds."""
    host_keys: Mapping[str, tuple[HostKey, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """For each host the SSH host keys on the way to it, up to the first that is not trusted."""
    host_key_failures: Mapping[str, HostFailure] = field(default_factory=lambda: MappingProxyType({}))
    """Why a host's key could not be read."""
    mesh: Mesh | None = None
    """The test of the overlay network; None if it was not tested."""
    mesh_failure: str = ""
    """Why the overlay network could not be tested."""
    freeze: Freeze | None = None
    """The active freeze. Steps do not get it."""
    force_approvals: int | None = None
    """How many approvals an order with ``--force`` needs now, if only that lets it through. Only plans get it."""
    closed_channel: ClosedChannel | None = None
    """Read for ``FactsQuery.open_changes``: the cluster's channel, if Slack refuses messages there."""
    open_changes: tuple[OpenChange, ...] = ()
    """Read for ``FactsQuery.open_changes``: what runs or waits for its turn, then what waits for approval."""
    incidents: tuple[Incident, ...] = ()
    """Read for ``FactsQuery.incidents``: the open ones, if a process watches the cluster."""
    unwatched_since: float = 0.0
    """Read with ``incidents``: when a process last watched it, unix seconds; 0 if one does, or none ever did."""
    typed_secret: Secret | None = None
    """The secret that the requester typed into a form for this job. Only running steps get it."""
    backups: BackupList = field(default_factory=BackupList)
    """Read for ``FactsQuery.backups``."""
    stack: StackRecording | None = None
    """Read for ``FactsQuery.stack``. None if no manager with a quorum could be read."""
    revisions: tuple[StackRevision, ...] = ()
    """Read for ``FactsQuery.revisions_of``, the last one first."""
    listed_stacks: tuple[str, ...] = ()
    """The names of the stacks that swarmbot.yml lists, for ``FactsQuery.listed_stacks``."""

    history: History | None = None
    """Read for ``FactsQuery.history``."""
    image_trouble: str = ""
    """Read for ``FactsQuery.image``: why its registry did not confirm it, if no active node was seen to have it.

    Mrkdwn, as the errors of engines are.
    """
    good_specs: Mapping[str, GoodSpec] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Read for ``FactsQuery.good_spec_of`` and ``good_specs``, by service id: the last spec whose tasks ran."""

    @property
    def cluster_id(self) -> str:
        """The id of the cluster that was read; "" if none could be read."""
        return self.swarm.id if self.swarm else ""

    @property
    def cluster_time(self) -> float:
        """The clock of the manager that the cluster was read from, unix seconds; Swarmbot's own if it is not known.

        Ages of tasks and updates are measured by it: a worker's clock may differ from the cluster's.
        """
        host = self.hosts.get(self.swarm.read_from) if self.swarm else None
        return host.system_time if host and host.system_time else self.at

    @property
    def awaited(self) -> bool:
        """Whether some hosts have not responded yet and are still waited for."""
        return any(host.awaited for host in self.hosts.values())

    def host(self, name: str) -> HostFacts:
        """Return the facts of a host of swarmbot.yml. Raises KeyError if it was not read."""
        return self.hosts[name]

    def member(self, host: str) -> NodeFacts | None:
        """Return the node that this host is in *this* cluster; None if it is not a member."""
        facts = self.hosts.get(host)
        return self.swarm.node_of(facts) if self.swarm and facts and facts.responds else None

    def service(self, service_id: str) -> ServiceFacts | None:
        """Return the service with this id; None if there is none, or if the cluster could not be read."""
        return self.swarm.service(service_id) if self.swarm else None
