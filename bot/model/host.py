"""What was read from one host: its engine, its disk, its certificates, its SSH host key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from bot.errors import HostProblem
from bot.model.containers import DiskUsage, ImageFacts
from bot.model.network import DiskSpace, Interface, Reach
from bot.model.objects import VolumeFacts


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The key file of a manager: its TLS key and the key of its Raft log."""

    state: Literal["open", "locked", "opened"]
    """Whether it is encrypted.

    ``locked``: with the cluster's unlock key (autolock). ``opened``: it was encrypted, and Swarmbot decrypted it so
    that a new cluster can be forced. ``open``: autolock is off."""
    text: bytes = field(default=b"", repr=False)
    """The whole file if it is locked. A file that is not encrypted never leaves its host: "" then."""

    @property
    def autolocked(self) -> bool:
        """Whether autolock was on in its cluster."""
        return self.state != "open"

    @property
    def locked(self) -> bool:
        """Whether it needs the unlock key now."""
        return self.state == "locked"


@dataclass(frozen=True, slots=True)
class StoppedEngine:
    """The swarm state on a host whose engine is stopped."""

    folder: str
    """Where the state is."""
    held_off: bool
    """Whether Swarmbot moved the state aside, so that the engine is not part of any cluster when it starts.

    If not, an engine that starts is the member of this state again.
    """
    node_id: str
    address: str = ""
    """The IP address that the node advertised; "" if it is not known."""


HostKeyStatus = Literal["trusted", "unknown", "changed", "revoked"]


NEW_HOST_KEY: Final = (
    "Give the machine a new host key: on it, delete `/etc/ssh/ssh_host_*`, run `ssh-keygen -A`, and restart its SSH "
    "server."
)
"""What to do if a machine shows a revoked key."""


@dataclass(frozen=True, slots=True)
class HostKey:
    """The SSH host key that a machine shows now, and what known_hosts says of it."""

    machine: str
    """A host of swarmbot.yml, or a jump host as it is written there."""
    place: str
    """The machine with the address that was asked, for messages."""
    known_as: str
    """Its name in known_hosts."""
    kind: str
    """The key type: ``ssh-ed25519``."""
    fingerprint: str
    """As ``ssh-keygen -l`` prints it."""
    status: HostKeyStatus
    known: tuple[str, ...] = ()
    """The fingerprints that known_hosts has for it."""
    file: str = ""
    """The known_hosts file that a trusted key is written to."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The TLS certificate of a node."""

    issuer: str
    """The common name of its issuer."""
    begins: float
    """Unix seconds."""
    expires: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class TlsInfo:
    """``TLSInfo`` of a node or of the cluster."""

    root: str = ""
    """The trusted root certificates, in PEM. For the cluster, the old one until a rotation ends (measured on 20.10)."""
    issuer_key: str = ""
    """The public key, in base64, that issues certificates. For the cluster, the new one during a rotation."""


Membership = Literal["inactive", "pending", "active", "locked", "error"]


ENGINE_PROBLEMS: Final[frozenset[str]] = frozenset(
    {"no docker", "docker stopped", "socket denied", "engine too old", "engine too new", "engine error"}
)


@dataclass(frozen=True, slots=True)
class HostFailure:
    """Why a host could not be read, in the words of the error."""

    problem: HostProblem | Literal["engine error", "slow", "not yet"]
    """``slow``: it did not answer all questions in the time that a read has; what state it is in is unknown.

    ``not yet``: an early answer does not wait for it; the complete answer does.
    """
    happened: str
    next_step: str = ""

    @property
    def is_late(self) -> bool:
        """Whether the host only did not respond in the time of the read: nothing is known of it."""
        return self.problem in {"slow", "not yet"}

    @property
    def answers_over_ssh(self) -> bool:
        """Whether the host answers over SSH, and only its engine cannot be used."""
        return self.problem in ENGINE_PROBLEMS

    @property
    def is_silence(self) -> bool:
        """Whether nothing was heard of the host: it may be off, or only Swarmbot may not reach it."""
        return self.is_late or self.problem in {"no route", "timed out", "lost"}

    @property
    def shows_no_engine(self) -> bool:
        """Whether the engine was seen not to run: nobody responds at the host, or its engine is stopped.

        Any other failure says nothing of the engine: it was late, it hangs, or it could not be asked.
        """
        return self.problem in {"docker stopped", "no docker"} or (self.is_silence and not self.is_late)


@dataclass(frozen=True, slots=True, order=True)
class RaftPosition:
    """Where a manager's Raft log ends. The higher term is newer; in one term, the higher index."""

    term: int
    index: int


@dataclass(frozen=True, slots=True)
class HostFacts:
    """One host of swarmbot.yml as its own engine describes it (``GET /info``).

    If ``failure`` is set, nothing else was read, except ``stopped`` and ``raft_position`` if SSH responds and the
    engine is stopped.
    """

    name: str
    """Its name in swarmbot.yml."""
    address: str
    """Its address in swarmbot.yml."""
    failure: HostFailure | None = None
    hostname: str = ""
    engine_version: str = ""
    live_restore: bool | None = None
    """Whether live-restore is enabled; None if the engine does not say. Such an engine refuses to join a swarm.

    A member that has enabled it by a reload does not start again (measured on 20.10.24).
    """
    membership: Membership = "inactive"
    """The engine's ``LocalNodeState``."""
    swarm_error: str = ""
    """The engine's ``Swarm.Error``. It is set when the quorum is lost."""
    swarm_id: str = ""
    """The id of its cluster. Only managers know it."""
    node_id: str = ""
    node_address: str = ""
    is_manager: bool = False
    managers: tuple[str, ...] = ()
    """The managers that it knows, as ``address:port``."""
    system_time: float = 0.0
    """The engine's clock when it was read, unix seconds; 0 if it was not read."""
    clock_offset: float | None = None
    """The host's clock minus Swarmbot's, in seconds. Read of probed hosts and of the managers."""
    interfaces: tuple[Interface, ...] = ()
    network_refusal: str | None = None
    """How the engine refused to make a network of the cluster; "" if it made one, None if neither was seen.

    Tried for ``FactsQuery.tried_networks``.
    """
    network_error: str = ""
    """The error after which it made none: any error, also one that passes."""
    data_root: str = ""
    """The engine's data root, as the engine reports it."""
    disk_space: DiskSpace | None = None
    """Disk space of the data root. It is read only on probed hosts; None if it is unknown."""
    certificate: Certificate | None = None
    certificate_error: str = ""
    """Why the certificate could not be read."""
    swarm_folder: str | None = None
    """What is in its swarm folder: "" for nothing, the id of a restored backup, or ``other``. None if not read."""
    volumes: tuple[VolumeFacts, ...] | None = None
    """Its volumes. None if not read."""
    peer_reach: Mapping[str, Reach] = field(default_factory=lambda: MappingProxyType({}))
    """How a manager's connection to each other manager (``address:port``) ended."""
    reach_from_managers: Reach | None = None
    """How a manager's connection to this host ended, if the host does not respond to Swarmbot."""
    raft_position: RaftPosition | None = None
    """Where its Raft log ends."""
    raft_error: str = ""
    """Why the end of its Raft log is not known."""
    stopped: StoppedEngine | None = None
    key_file: KeyFile | None = None
    """None if it was not read or cannot be read."""
    disk: DiskUsage | None = None
    """Read for ``FactsQuery.disk``."""
    disk_error: str = ""
    """Why that could not be read."""
    images: tuple[ImageFacts, ...] | None = None
    """Its images, also those that only other images are made from. None if not read."""
    images_error: str = ""
    """Why they could not be read."""

    @property
    def has_left(self) -> bool:
        """Whether it is seen to be part of no cluster: its engine says so, and keeps no state of one."""
        return self.membership == "inactive" and self.swarm_folder == ""

    @property
    def responds(self) -> bool:
        """Whether the host's engine responded."""
        return self.failure is None

    @property
    def awaited(self) -> bool:
        """Whether it has not responded yet and is still waited for: nothing is known of it."""
        return self.failure is not None and self.failure.problem == "not yet"

    @property
    def recovery_pending(self) -> bool:
        """Whether a recovery opened its key file and has not ended: its engine becomes a member when it starts."""
        return self.membership == "inactive" and self.key_file is not None and self.key_file.state == "opened"

    @property
    def joining(self) -> bool:
        """Whether its engine is still trying to join a cluster, and continues by itself.

        A worker that was restarted and reaches no manager looks the same (measured on 20.10).
        """
        return self.membership == "pending" and not self.is_manager

    @property
    def awaits_quorum(self) -> bool:
        """Whether it is a manager that has found no quorum since its restart: ``pending``, and in Raft."""
        return self.membership == "pending" and self.is_manager

    @property
    def swarm_stopped(self) -> bool:
        """Whether its engine has stopped its part of the cluster until the engine restarts.

        It does so if a new cluster could not be forced on it: it calls itself ``active`` then and names no node, which
        every member does (docs/decisions/0057).
        """
        return self.membership == "active" and not self.node_id

    @property
    def runs_as_member(self) -> bool:
        """Whether its engine runs as a member of some cluster, with or without a quorum."""
        return (self.membership == "active" and not self.swarm_stopped) or self.awaits_quorum

    @property
    def can_read_cluster(self) -> bool:
        """Whether the cluster can be read through it: a manager that has a quorum, as far as it knows."""
        return self.responds and self.is_manager and self.membership == "active" and not self.swarm_error

    @property
    def in_swarm(self) -> bool:
        """Whether its engine has the state of a member of some cluster, even if it is locked or failed."""
        return self.runs_as_member or self.swarm_stopped or self.membership in {"locked", "error"}
