"""What was read from one host: its engine, its disk, its certificates, its SSH host key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from bot.errors import HostProblem
from bot.model.network import Interface, Reach


@dataclass(frozen=True, slots=True)
class KeyFile:
    """``locked``: encrypted with the cluster's unlock key (autolock); ``text`` is the whole of it then, else nothing.

    ``opened``: it was, and Swarmbot has opened it so that its engine can be forced. ``open``: it never was, or autolock
    was switched off. What lies open stays on its host.
    """

    standing: Literal["open", "locked", "opened"]
    text: bytes = field(default=b"", repr=False)

    @property
    def autolocked(self) -> bool:
        """Whether autolock was on in its cluster."""
        return self.standing != "open"

    @property
    def locked(self) -> bool:
        """Whether it takes the unlock key now."""
        return self.standing == "locked"


@dataclass(frozen=True, slots=True)
class StoppedEngine:
    """Swarm state on a host whose engine was seen not to run.

    ``folder`` is where it lies. ``held_off``: it was moved there, out of the engine's way, so that the engine is in no
    swarm whenever it starts; else it lies where the engine has it, and a started engine takes itself for that member.
    ``node_id`` is whose state it is, ``address`` the IP address that this node advertised, "" where that is not known.
    """

    folder: str
    held_off: bool
    node_id: str
    address: str = ""


KeyStanding = Literal["trusted", "unknown", "changed"]


@dataclass(frozen=True, slots=True)
class HostKey:
    """The key that ``machine`` shows now; it is a host of swarmbot.yml, or a jump as it is written there.

    ``known_as`` is its name in known_hosts, ``place`` its name with the address that was asked, in words. ``kind`` is
    the key's type (``ssh-ed25519``), ``fingerprint`` what ``ssh-keygen -l`` prints. ``known``: the fingerprints that
    known_hosts has for it. ``file``: the known_hosts file that is written to.
    """

    machine: str
    place: str
    known_as: str
    kind: str
    fingerprint: str
    standing: KeyStanding
    known: tuple[str, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A node's TLS certificate: its issuer's common name and its end in unix seconds."""

    issuer: str
    expires: float


@dataclass(frozen=True, slots=True)
class TlsInfo:
    """``TLSInfo``: the root certificates that are trusted (PEM), and the public key (base64) that issues.

    Of a node it is what the node itself reported. Of the cluster the key is the one that all certificates shall be
    issued by: while the root is rotated it is the new one's already, and ``root`` is still the old (measured on 20.10).
    """

    root: str = ""
    issuer_key: str = ""


Membership = Literal["inactive", "pending", "active", "locked", "error"]


@dataclass(frozen=True, slots=True)
class HostFailure:
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

    With ``failure`` set nothing else was seen, but for ``stopped`` and ``raft`` where SSH answers and the engine does
    not run. ``membership`` is the engine's ``LocalNodeState``; ``swarm_error`` its
    ``Swarm.Error`` (set when quorum is lost). ``swarm_id`` is known to managers alone. ``clock_offset`` is in
    seconds, host minus bot; of hosts that were examined closely and of managers beside them. ``placed`` tells of its
    swarm folder, if it was looked at: "" when it is empty, the id of the backup that is in it, or ``other``. ``peers``
    maps the other managers that a manager knows (``address:port``) to what its connections to them met, ``raft`` is
    where its Raft log ends (``raft_unread``: why that is not known), ``key_file`` its key file, None where it was not
    looked at or cannot be read. ``heard`` is what a manager's connection met to one that does not answer the bot.
    """

    name: str
    address: str
    failure: HostFailure | None = None
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
    certificate_unread: str = ""
    placed: str | None = None
    peers: Mapping[str, Reach] = field(default_factory=lambda: MappingProxyType({}))
    heard: Reach | None = None
    raft: RaftPosition | None = None
    raft_unread: str = ""
    stopped: StoppedEngine | None = None
    key_file: KeyFile | None = None

    @property
    def answers(self) -> bool:
        """Whether the host's engine could be read."""
        return self.failure is None

    @property
    def awaits_force(self) -> bool:
        """Whether it was opened for a recovery that has not ended: in no swarm now, a member when its engine starts."""
        return self.membership == "inactive" and self.key_file is not None and self.key_file.standing == "opened"

    @property
    def joining(self) -> bool:
        """Whether its engine tries to get into a swarm, and will by itself: a join that is not through, as a rule.

        A worker that was started and meets no manager looks the same (measured on 20.10).
        """
        return self.membership == "pending" and not self.is_manager

    @property
    def awaits_quorum(self) -> bool:
        """Whether it is a manager that was started and has met no quorum since: ``pending`` too, and in Raft."""
        return self.membership == "pending" and self.is_manager

    @property
    def takes_part(self) -> bool:
        """Whether its engine runs as a member of some swarm, with a quorum or without."""
        return self.membership == "active" or self.awaits_quorum

    @property
    def serves(self) -> bool:
        """Whether it is a manager that has a quorum, for all that its engine knows: a swarm can be read through it."""
        return self.answers and self.is_manager and self.membership == "active" and not self.swarm_error

    @property
    def in_a_swarm(self) -> bool:
        """Whether the engine believes itself a member of some swarm, locked and failed ones included."""
        return self.takes_part or self.membership in {"locked", "error"}
