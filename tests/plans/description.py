"""From a case's short description to Facts and Book. A word that nothing knows fails the case loudly."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.errors import HostProblem
from bot.plan import (
    Certificate,
    ClusterFacts,
    Facts,
    HostFacts,
    Interface,
    Membership,
    NodeFacts,
    RaftPosition,
    Reach,
    Revealed,
    Role,
    ServiceFacts,
    TaskFacts,
    Trouble,
)
from bot.secret import Secret

NOW = 1_800_000_000.0
DAY = 86400
ENGINE = "20.10.24"


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

    The n-th host has the address 10.0.0.n on eth0 unless ``interfaces`` says otherwise. ``reaches``: what each
    manager's port meets, "open" unless said; of members only what is said. ``managers``: those that the engine names;
    members name the cluster's. ``raft``: term and index at which its Raft log ends.
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
    reached: Reach | None = "refused"
    certificate_days: float | None = None
    raft: tuple[int, int] | None = None


class Description(Strict):
    """Facts in few words. ``readable``: whether a manager with a quorum can be read; by default if there is one.

    ``tasks``: how many a service runs on which node's id; ``constraints`` are those of its placement.
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

    def facts(self) -> Facts:
        """The facts described. Files on hosts are keyed ``host:path``."""
        leaders = [name for name, host in self.hosts.items() if host.role == "leader"]
        readable = bool(leaders) if self.readable is None else self.readable
        members = {name: host for name, host in self.hosts.items() if host.role != "nothing"}
        nodes = [self._node(name, host) for name, host in members.items() if host.recorded]
        nodes += [_stray(record) for record in self.records]
        nodes.sort(key=lambda node: (node.role != "manager", node.hostname, node.id))
        swarm = None
        if readable:
            spec, services = MappingProxyType(self.spec), tuple(map(self._service, {**self.services, **self.tasks}))
            running: Counter[str] = sum(map(Counter, self.tasks.values()), Counter())
            swarm = ClusterFacts("prodid", leaders[0], 7, spec, tuple(nodes), services, running, self._tasks())
        return Facts(
            name=self.name,
            at=NOW,
            hosts=MappingProxyType({name: self._host(name, host) for name, host in self.hosts.items()}),
            swarm=swarm,
            secrets=MappingProxyType({name: Secret(text) for name, text in self.secrets.items()}),
            foreign=MappingProxyType(self.foreign),
            ca_files=MappingProxyType({_place(key): text for key, text in self.ca_files.items()}),
            unread=MappingProxyType({_place(key): text for key, text in self.unread.items()}),
        )

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
            return HostFacts(name, address, trouble=trouble, reached=host.reached)
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
            node_id=host.record.id or (f"id-{name}" if member or host.membership else ""),
            node_address=address if member else "",
            is_manager=is_manager and host.membership in {"", "active"},
            managers=tuple((self._raft() if member else []) if host.managers is None else host.managers),
            clock_offset=host.clock,
            interfaces=tuple(Interface(nic, tuple(addresses)) for nic, addresses in interfaces.items()),
            reaches=MappingProxyType(
                host.reaches if member else {raft: host.reaches.get(raft, "open") for raft in self._up()}
            ),
            reached=None if member else host.reached,
            certificate=_certificate(host.certificate_days),
            raft=RaftPosition(*host.raft) if host.raft else None,
        )

    def _up(self) -> list[str]:
        managers = [host for host in self.hosts.values() if host.role in {"leader", "manager"}]
        up = [host.record.reachability == "reachable" for host in managers]
        return [raft for raft, reachable in zip(self._raft(), up, strict=True) if reachable]

    def _node(self, name: str, host: Machine) -> NodeFacts:
        address = self._address(name)
        role: Role = "worker" if host.role == "worker" else "manager"
        known = host.record.model_copy(
            update={
                "id": host.record.id or f"id-{name}",
                "host": name,
                "hostname": host.record.hostname or name,
                "role": role,
                "address": address,
                "engine": host.engine,
            }
        )
        return _stray(known, leader=host.role == "leader")


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


def _certificate(days: float | None) -> Certificate | None:
    return None if days is None else Certificate("swarm-ca", "aa", NOW + days * DAY)


def _place(key: str) -> tuple[str, str]:
    host, _, path = key.partition(":")
    return host, path
