"""The parts of a case's description: hosts, nodes, backups, keys. An unknown key fails the case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.config.models import Severity
from bot.errors import HostProblem
from bot.model import (
    BackedUpNode,
    Backup,
    Drill,
    HostKey,
    ImageFacts,
    Membership,
    NodeDescription,
    OpenChange,
    Reach,
    Role,
    ServiceFacts,
    StackObject,
    StackQuery,
    StackRecording,
)
from bot.model.facts import OpenChangeState
from bot.model.history import SAMPLE_S, Sample
from bot.model.host import HostKeyStatus
from bot.model.incident import Incident, Tracked
from bot.model.network import RouteState
from bot.model.observation import Signal, SignalKind
from bot.swarm.stacks.writes import removal
from tests.kits.histories import sample
from tests.kits.recordings import recording

NOW = 1_800_000_000.0
DAY = 86400
ENGINE = "20.10.24"


STRICT = ConfigDict(extra="forbid", frozen=True)
"""Unknown keys fail the case."""


class Strict(BaseModel):
    """A part without unknown keys."""

    model_config = STRICT


class Record(Strict):
    """A node, where it differs from a healthy one. ``host`` is "" if it is not a host of swarmbot.yml."""

    id: str = ""
    host: str = ""
    hostname: str = ""
    role: Role = "worker"
    state: str = "ready"
    availability: str = "active"
    reachability: str = "reachable"
    engine: str = ENGINE
    address: str = ""
    labels: dict[str, str] = {}
    cpus: float = 2.0
    memory: int = 2 * 1024**3
    platform: tuple[str, str] = ("linux", "x86_64")
    plugins: list[tuple[str, str]] | None = [("Volume", "local"), ("Network", "overlay"), ("Log", "json-file")]
    engine_labels: dict[str, str] = {}
    described: bool = True
    """Whether it has described itself to the managers."""

    def description(self) -> NodeDescription | None:
        """Return what it reported of itself."""
        if not self.described:
            return None
        return NodeDescription(
            nano_cpus=round(self.cpus * 1e9),
            memory_bytes=self.memory,
            os=self.platform[0],
            architecture=self.platform[1],
            plugins=None if self.plugins is None else frozenset(self.plugins),
            labels=MappingProxyType(self.engine_labels),
        )


class Image(Strict):
    """An image on a host. Its id is ``sha256:`` and what ``id`` says; ``parent`` is such an id too."""

    id: str
    names: list[str] = []
    mib: int = 100
    in_use: bool = False
    parent: str = ""

    def facts(self) -> ImageFacts:
        """Return the image as it is read."""
        parent = f"sha256:{self.parent}" if self.parent else ""
        return ImageFacts(f"sha256:{self.id}", tuple(self.names), self.mib * 1024**2, self.in_use, parent)


class Machine(Strict):
    """A host of swarmbot.yml. ``is``: what its record in the cluster is; the rest as in HostFacts.

    ``issuer`` names whose key issued its certificate, the cluster's unless said. The n-th host has the address 10.0.0.n
    on eth0 unless ``interfaces`` says otherwise; an address there may have a prefix length, which tells its network.
    ``reaches``: what each manager's port meets, "open" unless said. ``reached``: what the managers' connections to its
    2377/tcp became. ``managers``: those that the engine names; members name the cluster's. ``peer_reach``,
    ``reach_from_managers`` and ``raft_position`` (term and index) as in HostFacts; a manager's ``key`` is its key
    file's state, "open" (or "locked", as its membership is) unless said; ``stopped``: where its swarm state lies, its
    engine being stopped.
    """

    role: Literal["nothing", "worker", "manager", "leader"] = Field("nothing", alias="is")
    record: Record = Field(default_factory=Record)
    recorded: bool = True
    failure: HostProblem | Literal["engine error", "slow", "not yet", ""] = ""
    happened: str = ""
    next_step: str = ""
    membership: Membership | Literal[""] = ""
    swarm_error: str = ""
    swarm_id: str = ""
    managers: list[str] | None = None
    engine: str = ENGINE
    live_restore: bool | None = False
    clock: float | None = 0.0
    interfaces: dict[str, list[str]] | None = None
    reaches: dict[str, Reach] = {}
    reached: RouteState = "passed"
    certificate_days: float | None = None
    certificate_validity_days: float = 90.0
    certificate_error: str = ""
    peer_reach: dict[str, Reach] = {}
    reach_from_managers: Reach | None = None
    raft_position: tuple[int, int] | None = None
    key: Literal["open", "locked", "opened", "unread", ""] = ""
    issuer: str = ""
    swarm_folder: str | None = ""
    stopped: Literal["in place", "held off", ""] = ""
    swarm_stopped: bool = False
    """Whether its engine has stopped its swarm, as after a new cluster could not be forced on it."""
    disk: tuple[int, int] | None = (10, 50)
    """What its images occupy, and the free space of 100 GiB, in GiB."""
    disk_error: str = ""
    disk_space: tuple[str, str, str] | None = None
    """The data root's size, its used space and its available space (``100g``)."""
    images: list[Image] | None = []
    images_error: str = ""


class Change(Strict):
    """A change that waits or runs; ``votes``: how many approvals it has and needs; ``outdated`` as in OpenChange."""

    id: str
    words: str
    state: OpenChangeState
    names: list[str] = []
    votes: tuple[int, int] = (0, 0)
    outdated: str = ""

    def facts(self) -> OpenChange:
        """Return the change as a worker lists it."""
        expires = NOW + 3600 if self.state.startswith("awaiting") else 0.0
        names = tuple(self.names)
        return OpenChange(self.id, self.words, "U0ADA", self.state, names, self.votes, expires, self.outdated)


class Kept(Strict):
    """A backup from host-1, whose address is 10.0.0.1, ``days`` old; ``drill``: same, since, faults."""

    id: str
    cluster_id: str = "prodid"
    days: float = 1.0
    host: str = "host-1"
    address: str = "10.0.0.1"
    engine: str = ENGINE
    autolocked: bool = False
    managers: list[str] = ["host-1", "host-2", "host-3"]
    workers: list[str] = ["host-4"]
    ca_fingerprint: str = "aa"
    drill: tuple[int, list[str], list[str]] | None = None

    def backup(self) -> Backup:
        """Return the backup as it is listed."""
        roles = [*((name, "manager") for name in self.managers), *((name, "worker") for name in self.workers)]
        return Backup(
            id=self.id,
            cluster="prod",
            cluster_id=self.cluster_id,
            taken_at=NOW - self.days * DAY,
            host=self.host,
            node=f"id-{self.host}",
            address=self.address,
            engine_version=self.engine,
            autolocked=self.autolocked,
            ca_fingerprint=self.ca_fingerprint,
            nodes=tuple(BackedUpNode(f"id-{name}", name, role) for name, role in roles),
            size=200_000,
            checksum="bb",
            drill=Drill(NOW, "host-4", self.drill[0], *map(tuple, self.drill[1:])) if self.drill else None,
        )


class Key(Strict):
    """A machine's SSH host key; ``known`` is what known_hosts has instead, if it has changed."""

    machine: str
    status: HostKeyStatus
    fingerprint: str = "SHA256:shown"
    kind: str = "ssh-ed25519"
    known: list[str] = []

    def facts(self) -> HostKey:
        """Return the key as a worker reads it."""
        return HostKey(
            machine=self.machine,
            place=f"`{self.machine}` (192.0.2.9)",
            known_as="192.0.2.9",
            kind=self.kind,
            fingerprint=self.fingerprint,
            status=self.status,
            known=tuple(self.known),
            file="/known_hosts",
        )


class Stretch(Strict):
    """What watch recorded of a time, in minutes ago; ``read``: whether a manager could be read.

    Without more all is well: 5 nodes, 12 tasks, 3 managers.
    """

    minutes: tuple[int, int]
    incidents: int = 0
    read: bool = True
    counted: dict[str, int] = {}

    def samples(self) -> Iterator[Sample]:
        """Yield the samples, the oldest first."""
        first, last = (round(NOW - 60 * minutes) for minutes in self.minutes)
        for at in range(first, last, SAMPLE_S):
            yield sample(at, self.incidents, read=self.read, **self.counted)


class Reported(Strict):
    """An open incident with one signal, that was reported ``minutes`` ago."""

    id: str
    kind: SignalKind = "node down"
    subject: str = ""
    text: str
    severity: Severity = "critical"
    minutes: float = 5
    acknowledged_by: str = ""
    silenced_by: str = ""

    def facts(self) -> Incident:
        """Return the incident."""
        since = NOW - 60 * self.minutes
        seen = Tracked(Signal(self.kind, self.subject, self.severity, self.text, since), since, NOW)
        told_at = 0.0 if self.silenced_by else since
        by, silenced = self.acknowledged_by, self.silenced_by
        root = seen.signal.key
        return Incident(self.id, "prod", root, (seen,), since, told_at, acknowledged_by=by, silenced_by=silenced)


class Recorded(Strict):
    """A recording of a deploy: a file of tests/plans/recordings, and what differs, as in tests/kits/recordings.py."""

    file: str = "app-28"
    first: bool = False
    writes: dict[str, Any] = {}
    objects: dict[str, Any] = {}
    without: list[str] = []
    pruned: list[str] = []
    """Services that ``--prune`` removes."""
    changed_secrets: list[str] = []
    added: list[StackObject] = []
    """More configs and secrets of the cluster."""
    keep_versions: int = 3
    notes: list[str] = []
    revision: int = 0
    """The revision that was deployed last, or that the case asks for."""
    typed: str = ""
    """The id of the file that was typed into a form."""

    def recording(self, query: StackQuery) -> StackRecording:
        """Return what a worker records for ``query``."""
        found = recording(
            self.file,
            writes=self.writes,
            objects=self.objects,
            without=tuple(self.without),
            first=self.first,
            changed_secrets=tuple(self.changed_secrets),
            added=tuple(self.added),
            keep_versions=self.keep_versions,
            notes=tuple(self.notes),
            typed=self.typed,
        )
        removed = [removal(each) for each in found.objects if query.prune and each.name in self.pruned]
        if self.revision and query.revision:
            found = replace(found, revision=self.revision, source=f"revision {self.revision} ({found.source})")
        found = replace(found, name=query.name, writes=(*found.writes, *removed))
        return replace(found, writes=(), first_networks=()) if query.objects_only else found

    def services(self) -> tuple[ServiceFacts, ...]:
        """Return the recorded services of the cluster."""
        found = self.recording(StackQuery("app", objects_only=True)).objects
        return tuple(
            ServiceFacts(each.name, 0, 0, id=each.id, spec=each.spec) for each in found if each.type == "service"
        )


class Trial(Strict):
    """A test of the overlay between all members. ``cut`` and ``deaf`` (by gossip) list pairs as ``host-1 > host-2``.

    ``unsure`` lists those of ``cut`` that were not tried a second time.

    ``skipped`` took no part, ``silent`` gave no answers: each with the reason.
    """

    cut: list[str] = []
    unsure: list[str] = []
    deaf: list[str] = []
    skipped: dict[str, str] = {}
    silent: dict[str, str] = {}
    leftovers: list[str] = []
