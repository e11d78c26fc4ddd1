"""From a case's short description to Facts and Book. A word that nothing knows fails the case loudly."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.errors import HostProblem
from bot.plan import (
    BackedUpNode,
    Backup,
    Certificate,
    ClusterFacts,
    Drill,
    Facts,
    Freeze,
    HostFacts,
    HostKey,
    Interface,
    KeyFile,
    Look,
    Membership,
    Mesh,
    NodeFacts,
    Passage,
    RaftPosition,
    Reach,
    Revealed,
    Role,
    ServiceFacts,
    Shelved,
    StoppedEngine,
    TaskFacts,
    Trouble,
    Way,
)
from bot.plan.host_keys import KeyStanding
from bot.plan.passages import Standing
from bot.secret import Secret
from bot.swarm.ways import GOSSIP_PORT, members, mesh_ways, wanted_ways
from tests.plans.trusting import pem, tls

NOW = 1_800_000_000.0
DAY = 86400
ENGINE = "20.10.24"
PLAIN = Look()


class Strict(BaseModel):
    """Unknown keys are errors of the case."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Record(Strict):
    """A node's record, where it differs from that of a sound node. ``host`` "" is a record of no known machine."""

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


class Machine(Strict):
    """A host of swarmbot.yml. ``is``: what its record in the cluster is; the rest as in HostFacts.

    ``issuer`` names whose key issued its certificate, the cluster's unless said. The n-th host has the address 10.0.0.n
    on eth0 unless ``interfaces`` says otherwise. ``reaches``: what each manager's port meets, "open" unless said.
    ``reached``: what the managers' connections to its 2377/tcp became. ``managers``: those that the engine names;
    members name the cluster's. ``peers``, ``heard`` and ``raft`` (term and index) as in HostFacts; a manager's ``key``
    is its key file's standing, "open" (or "locked", as its membership is) unless said;
    ``stopped``: where its swarm state lies, its engine being stopped.
    """

    role: Literal["nothing", "worker", "manager", "leader"] = Field("nothing", alias="is")
    record: Record = Record()
    recorded: bool = True
    trouble: HostProblem | Literal["engine error", ""] = ""
    happened: str = ""
    next_step: str = ""
    membership: Membership | Literal[""] = ""
    swarm_error: str = ""
    swarm_id: str = ""
    managers: list[str] | None = None
    engine: str = ENGINE
    clock: float | None = 0.0
    interfaces: dict[str, list[str]] | None = None
    reaches: dict[str, Reach] = {}
    reached: Standing = "passed"
    certificate_days: float | None = None
    certificate_unread: str = ""
    peers: dict[str, Reach] = {}
    heard: Reach | None = None
    raft: tuple[int, int] | None = None
    key: Literal["open", "locked", "opened", "unread", ""] = ""
    issuer: str = ""
    placed: str | None = ""
    stopped: Literal["in place", "held off", ""] = ""


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
    drill: tuple[int, list[str], list[str]] | None = None

    def backup(self) -> Backup:
        """It, as a head would tell."""
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
            ca_fingerprint="aa",
            nodes=tuple(BackedUpNode(f"id-{name}", name, role) for name, role in roles),
            size=200_000,
            checksum="bb",
            drill=Drill(NOW, "host-4", self.drill[0], *map(tuple, self.drill[1:])) if self.drill else None,
        )


class Key(Strict):
    """A machine's SSH host key; ``known`` is what known_hosts has in its place, when it has changed."""

    machine: str
    standing: KeyStanding
    fingerprint: str = "SHA256:shown"
    kind: str = "ssh-ed25519"
    known: list[str] = []


class Trial(Strict):
    """A trial of the overlay between all members. ``cut`` and ``deaf`` (by gossip) list pairs as ``host-1 > host-2``.

    ``missing`` took no part, ``silent`` gave no answers: each with the reason.
    """

    cut: list[str] = []
    deaf: list[str] = []
    missing: dict[str, str] = {}
    silent: dict[str, str] = {}
    left: list[str] = []


class Description(Strict):
    """Facts in few words. ``readable``: whether a manager with a quorum can be read; by default if there is one.

    ``tasks``: how many a service runs on which node's id; ``constraints`` are those of its placement.
    ``closed`` and ``unseen`` list ways as ``host-1 > host-4 7946/udp``. ``frozen``: by whom ("": swarmbot.yml) and why.
    ``root`` and ``issuer`` name files of tests/plans/pem, the issuer being the root's unless said.
    """

    name: str = "prod"
    hosts: dict[str, Machine]
    readable: bool | None = None
    records: list[Record] = []
    services: dict[str, tuple[int, int, str]] = {}
    tasks: dict[str, dict[str, int]] = {}
    constraints: dict[str, list[str]] = {}
    global_services: list[str] = []
    foreign: dict[str, str] = {}
    secrets: dict[Revealed, str] = {}
    ca_files: dict[str, str] = {}
    unread: dict[str, str] = {}
    spec: dict[str, Any] = {}
    backups: list[Kept] = []
    unreadable_backups: list[str] = []
    good_until: float = 0.0
    closed: list[str] = []
    unseen: list[str] = []
    keys: dict[str, list[Key]] = {}
    keyless: dict[str, str] = {}
    mesh: Trial = Trial()
    mesh_trouble: str = ""
    frozen: tuple[str, str] | None = None
    root: str = ""
    issuer: str = ""
    rotating: bool = False

    def facts(self, look: Look = PLAIN) -> Facts:
        """The facts described, with the ways that ``look`` wants tried. Files on hosts are keyed ``host:path``."""
        leaders = [name for name, host in self.hosts.items() if host.role == "leader"]
        readable = bool(leaders) if self.readable is None else self.readable
        members = {name: host for name, host in self.hosts.items() if host.role != "nothing"}
        nodes = [self._node(name, host) for name, host in members.items() if host.recorded]
        nodes += [replace(_stray(record), tls=tls(self.root, self.issuer)) for record in self.records]
        nodes.sort(key=lambda node: (node.role != "manager", node.hostname, node.id))
        swarm = None
        if readable:
            swarm = ClusterFacts(
                id="prodid",
                read_from=leaders[0],
                version=7,
                spec=MappingProxyType(self.spec),
                nodes=tuple(nodes),
                services=tuple(map(self._service, {**self.services, **self.tasks})),
                tasks=sum(map(Counter, self.tasks.values()), Counter()),
                task_list=self._tasks(),
                tls=tls(self.root, self.issuer),
                rotating=self.rotating,
            )
        hosts = {name: self._host(name, host) for name, host in self.hosts.items()}
        return Facts(
            name=self.name,
            at=NOW,
            hosts=MappingProxyType(hosts),
            swarm=swarm,
            secrets=MappingProxyType({name: Secret(text) for name, text in self.secrets.items()}),
            foreign=MappingProxyType(self.foreign),
            ca_files=MappingProxyType({_place(key): pem(text) for key, text in self.ca_files.items()}),
            unread=MappingProxyType({_place(key): text for key, text in self.unread.items()}),
            backups=Shelved(tuple(kept.backup() for kept in self.backups), tuple(self.unreadable_backups)),
            good_until=self.good_until,
            passages=self._passages(hosts, swarm, look),
            took=0.4,
            host_keys=MappingProxyType({name: tuple(map(_key, keys)) for name, keys in self.keys.items()}),
            mesh=self._mesh() if swarm and look.mesh and not self.mesh_trouble else None,
            mesh_trouble=self.mesh_trouble,
            keyless=MappingProxyType({name: Trouble("timed out", text) for name, text in self.keyless.items()}),
            freeze=Freeze(self.name, NOW + 3600, *self.frozen) if self.frozen else None,
        )

    def _mesh(self) -> Mesh:
        trial = self.mesh
        inside = {
            name: self._address(name)
            for name, host in self.hosts.items()
            if host.role != "nothing" and name not in trial.missing and host.record.state == "ready"
        }
        cut, deaf = [tuple(pair.split(" > ")) for pair in trial.cut], [tuple(pair.split(" > ")) for pair in trial.deaf]
        return Mesh(
            name="swarmbot-check-1800000000-abcd",
            addresses=inside,
            reached={
                name: frozenset(other for other in inside if other != name and (name, other) not in cut)
                for name in inside
                if name not in trial.silent
            },
            knows={
                name: frozenset(address for other, address in inside.items() if (name, other) not in deaf)
                for name in inside
            },
            missing={**trial.missing, **trial.silent},
            left=tuple(trial.left),
        )

    def _passages(self, hosts: dict[str, HostFacts], swarm: ClusterFacts | None, look: Look) -> tuple[Passage, ...]:
        ways = wanted_ways(hosts, swarm, look.probe, every_peer=look.every_peer)
        if swarm and look.mesh:
            ways = mesh_ways(members(swarm, hosts), swarm.data_port)
        return tuple(self._passage(way) for way in ways)

    def _passage(self, way: Way) -> Passage:
        written = f"{way.source} > {way.target} {way.name}"
        if written in self.closed:
            return Passage(way, "blocked", "no answer" if way.transport == "tcp" else "nothing came")
        if written in self.unseen:
            return Passage(way, "not looked at", f"`{way.source}` has no bash")
        if way.transport == "udp":
            return Passage(way, "passed")
        if way.port != GOSSIP_PORT:
            source, target = self.hosts[way.source], self.hosts[way.target]
            if target.role == "nothing":
                return Passage(way, target.reached, "no answer" if target.reached == "blocked" else "")
            return _met(way, source.reaches.get(f"{way.address}:{way.port}", "open"))
        return Passage(way, "passed" if self.hosts[way.target].role == "nothing" else "open")

    def _address(self, name: str) -> str:
        return f"10.0.0.{[*self.hosts].index(name) + 1}"

    def _service(self, name: str) -> ServiceFacts:
        running = sum(self.tasks.get(name, {}).values())
        return ServiceFacts(
            name,
            *self.services.get(name, (running, running, "")),
            id=f"id-{name}",
            constraints=tuple(self.constraints.get(name, ())),
            is_global=name in self.global_services,
        )

    def _tasks(self) -> tuple[TaskFacts, ...]:
        return tuple(
            TaskFacts(f"id-{service}", node, "running", wanted=True)
            for service, nodes in self.tasks.items()
            for node, count in nodes.items()
            for _ in range(count)
        )

    def _raft(self) -> list[str]:
        return [
            f"{self._address(name)}:2377" for name, host in self.hosts.items() if host.role in {"leader", "manager"}
        ]

    def _host(self, name: str, host: Machine) -> HostFacts:
        address = self._address(name)
        if host.trouble:
            happened = host.happened or f"`{name}` ({address}): {host.trouble}."
            trouble = Trouble(host.trouble, happened, host.next_step)
            raft = RaftPosition(*host.raft) if host.raft else None
            return HostFacts(name, address, trouble, heard=host.heard, raft=raft, stopped=_stopped(name, address, host))
        member = host.role != "nothing"
        is_manager = host.role in {"leader", "manager"}
        interfaces = {"eth0": [address]} if host.interfaces is None else host.interfaces
        return HostFacts(
            name=name,
            address=address,
            hostname=host.record.hostname or name,
            engine_version=host.engine,
            membership=host.membership or ("active" if member else "inactive"),
            swarm_error=host.swarm_error,
            swarm_id=host.swarm_id or ("prodid" if is_manager else ""),
            node_id="" if host.membership == "locked" else self._id(name, host),
            node_address=(host.record.address or address) if member else "",
            is_manager=is_manager and host.membership in {"", "active", "pending"},
            managers=tuple((self._raft() if member else []) if host.managers is None else host.managers),
            clock_offset=host.clock,
            interfaces=tuple(Interface(nic, tuple(addresses)) for nic, addresses in interfaces.items()),
            certificate=_certificate(host.certificate_days),
            certificate_unread=host.certificate_unread,
            placed=host.placed,
            peers=MappingProxyType(host.peers),
            raft=RaftPosition(*host.raft) if host.raft else None,
            key_file=_key_file(host),
        )

    @staticmethod
    def _id(name: str, host: Machine) -> str:
        return host.record.id or (f"id-{name}" if host.role != "nothing" or host.membership else "")

    def _node(self, name: str, host: Machine) -> NodeFacts:
        address = self._address(name)
        role: Role = "worker" if host.role == "worker" else "manager"
        known = host.record.model_copy(
            update={
                "id": host.record.id or f"id-{name}",
                "host": name,
                "hostname": host.record.hostname or name,
                "role": role,
                "address": host.record.address or address,
                "engine": host.engine,
            }
        )
        record = _stray(known, leader=host.role == "leader")
        return replace(record, tls=tls(self.root, host.issuer or self.issuer))


def _stray(record: Record, *, leader: bool = False) -> NodeFacts:
    manager = record.role == "manager"
    return NodeFacts(
        id=record.id,
        hostname=record.hostname,
        role=record.role,
        availability=record.availability,
        state=record.state,
        version=1,
        spec=MappingProxyType({}),
        host=record.host,
        reachability=record.reachability if manager else "",
        leader=leader,
        address=record.address,
        raft_address=f"{record.address}:2377" if manager else "",
        engine_version=record.engine,
        labels=MappingProxyType(record.labels),
    )


def _key(key: Key) -> HostKey:
    return HostKey(
        machine=key.machine,
        place=f"`{key.machine}` (192.0.2.9)",
        known_as="192.0.2.9",
        kind=key.kind,
        fingerprint=key.fingerprint,
        standing=key.standing,
        known=tuple(key.known),
        file="/known_hosts",
    )


def _met(way: Way, reach: Reach) -> Passage:
    met: dict[Reach, Passage] = {
        "open": Passage(way, "open"),
        "refused": Passage(way, "passed"),
        "no answer": Passage(way, "blocked", "no answer"),
    }
    return met[reach]


def _key_file(host: Machine) -> KeyFile | None:
    standing = host.key or ("locked" if host.membership == "locked" else "open")
    return KeyFile(standing) if host.role in {"leader", "manager"} and standing != "unread" else None


def _stopped(name: str, address: str, host: Machine) -> StoppedEngine | None:
    if not host.stopped:
        return None
    held_off = host.stopped == "held off"
    folder = f"/var/lib/docker/swarm{'.held-off-1800000000' if held_off else ''}"
    return StoppedEngine(folder, held_off, f"id-{name}", host.record.address or address)


def _certificate(days: float | None) -> Certificate | None:
    return None if days is None else Certificate("swarm-ca", "aa", NOW + days * DAY)


def _place(key: str) -> tuple[str, str]:
    host, _, path = key.partition(":")
    return host, path
