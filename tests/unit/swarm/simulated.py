"""A cluster that is simulated: machines with a power switch, records, and Raft, behind the ports of bot.plan.

It is kinder to nobody than real engines: it guards no quorum, its managers notice late who is dead, and answer from
memory when theirs is lost (facts/swarm.md, "Managers and Raft"). A call that loses the quorum raises QuorumLost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from types import MappingProxyType
from typing import Final, cast

from bot.errors import EngineError, HostUnreachable
from bot.plan import ClusterFacts, Engine, Facts, HostFacts, Interface, JoinTokens, Json, Look, Passage, Trouble
from bot.secret import Secret
from bot.swarm import parse
from bot.swarm.ways import wanted_ways

LATE: Final = 3
"""How many ticks pass until managers notice that a node is down or back, and that they have lost the quorum."""
NO_LEADER: Final = "The swarm does not have a leader."


class QuorumLost(AssertionError):
    """A call to an engine took the quorum away."""


@dataclass
class Machine:
    """A host. ``node``: the id of its membership, "" without one; ``manages``: its engine believes itself a manager."""

    name: str
    address: str
    up: bool = True
    node: str = ""
    manages: bool = False


@dataclass
class Record:
    """A node as the managers list it. ``seen`` is whether they take it for alive, ``since`` for how long wrongly."""

    id: str
    machine: Machine
    spec: Json
    seen: bool = True
    since: int = 0


class Simulated:
    """Machines host-1… of which the first ``managers`` are managers and two more are workers, if there are as many."""

    def __init__(self, size: int, managers: int) -> None:
        self.machines = {
            name: Machine(name, f"10.0.0.{number}") for number, name in ((n, f"host-{n}") for n in range(1, size + 1))
        }
        self.records: dict[str, Record] = {}
        self.raft: set[str] = set()
        self._ids = (f"node{number:03d}" for number in count(1))
        self._lost_for = 0
        for machine in [*self.machines.values()][: managers + 2]:
            self.admit(machine, "manager" if len(self.raft) < managers else "worker")

    # What is true

    @property
    def has_quorum(self) -> bool:
        """Whether most of Raft's members are alive."""
        return 2 * sum(map(self.alive, self.raft)) > len(self.raft)

    def alive(self, node: str) -> bool:
        """Whether a machine runs with this membership."""
        return any(machine.up and machine.node == node for machine in self.machines.values())

    def admit(self, machine: Machine, role: str) -> None:
        """Make a machine a member."""
        machine.node, machine.manages = next(self._ids), role == "manager"
        spec = {"Role": role, "Availability": "active", "Labels": {}}
        self.records[machine.node] = Record(machine.node, machine, spec)
        if machine.manages:
            self.raft.add(machine.node)

    def tick(self) -> None:
        """Let time pass: what changed is noticed late, and engines learn of their roles if there is a quorum."""
        self._lost_for = 0 if self.has_quorum or not self.raft else self._lost_for + 1
        for record in self.records.values():
            record.since = record.since + 1 if record.seen != self.alive(record.id) else 0
            if record.since >= LATE:
                record.seen = not record.seen
        if self.has_quorum:
            for machine in self.machines.values():
                self._learn(machine)

    def _learn(self, machine: Machine) -> None:
        record = self.records.get(machine.node)
        if machine.up and record and record.spec["Role"] == "manager":
            self.raft.add(machine.node)
        if machine.up:
            machine.manages = machine.node in self.raft

    def power(self, name: str, *, on: bool) -> None:
        """Pull a plug, or put it in; a manager that was demoted meanwhile is told when it starts."""
        machine = self.machines[name]
        machine.up = on
        machine.manages = machine.manages and (not on or machine.node in self.raft)

    @contextmanager
    def change(self) -> Iterator[None]:
        """What an engine is told to do; QuorumLost if the quorum is gone by it."""
        had = self.has_quorum
        yield
        if had and self.raft and not self.has_quorum:
            raise QuorumLost(f"{sum(map(self.alive, self.raft))} of {len(self.raft)} managers are left")

    # What is seen

    def __getitem__(self, host: str) -> Engine:
        return cast("Engine", SimulatedEngine(self, self.machines[host]))

    def names(self) -> tuple[str, ...]:
        """The machines."""
        return tuple(self.machines)

    def address(self, host: str) -> str:
        """A machine's address."""
        return self.machines[host].address

    @property
    def error(self) -> str:
        """What a manager's engine says of a quorum that it has noticed to be lost."""
        return NO_LEADER if self._lost_for >= LATE else ""

    def read(self, look: Look) -> Facts:
        """Facts as a Reader would have them; a host that nobody waits for and that is off is not in them."""
        wanted = self.names() if look.all_hosts else (*look.hosts, *look.probe)
        hosts = {name: self._host(name) for name, machine in self.machines.items() if machine.up or name in wanted}
        manager = next((name for name, host in hosts.items() if host.is_manager and not host.swarm_error), None)
        if manager is None:
            return Facts("prod", 0.0, hosts)
        nodes = parse.name_hosts(parse.nodes(self[manager].nodes()), hosts, self)
        swarm = ClusterFacts("prodid", manager, 1, MappingProxyType({}), nodes)
        ways = wanted_ways(hosts, swarm, look.probe, every_peer=look.every_peer)
        return Facts("prod", 0.0, hosts, swarm, passages=tuple(Passage(way, "passed") for way in ways))

    def _host(self, name: str) -> HostFacts:
        machine = self.machines[name]
        try:
            found = parse.host(name, machine.address, self[name].info())
        except HostUnreachable as error:
            return HostFacts(name, machine.address, Trouble(error.problem, error.happened))
        return replace(found, clock_offset=0.0, interfaces=(Interface("eth0", (machine.address,)),))


class SimulatedEngine:
    """What operations ask of an engine, and no more."""

    def __init__(self, world: Simulated, machine: Machine) -> None:
        self._world = world
        self._machine = machine
        self.host = machine.name

    def info(self) -> Json:
        """As ``GET /info``."""
        machine = self._reached()
        swarm = {
            "LocalNodeState": "active" if machine.node else "inactive",
            "NodeID": machine.node,
            "ControlAvailable": machine.manages,
            "Error": self._world.error if machine.manages else "",
            "Cluster": {"ID": "prodid"} if machine.manages else {},
            "RemoteManagers": [{"Addr": f"{each.address}:2377"} for each in self._managers()] if machine.node else [],
        }
        return {"Name": machine.name, "ServerVersion": "20.10.24", "Swarm": swarm}

    def nodes(self) -> list[Json]:
        """As ``GET /nodes``, from memory."""
        self._reached()
        leader = next((each.node for each in self._managers() if each.up), "")
        return [self._node(record, leader) for record in self._world.records.values()]

    def join_tokens(self) -> JoinTokens:
        """Tokens that name a role."""
        return JoinTokens(worker=Secret("worker"), manager=Secret("manager"))

    def join_swarm(self, request: Json, token: Secret) -> None:
        """Make the machine a member."""
        del request
        machine = self._reached()
        self._agree()
        with self._world.change():
            self._world.admit(machine, token.reveal())

    def leave_swarm(self, *, force: bool) -> None:
        """End the membership: an engine lets any manager go that is forced to."""
        machine = self._reached()
        if machine.manages and not force:
            raise EngineError(self.host, 503, "You are attempting to leave the swarm on a node that is a manager.")
        with self._world.change():
            if self._world.raft == {machine.node}:
                self._world.raft.clear()
                self._world.records.clear()
            machine.node, machine.manages = "", False

    def update_node(self, node_id: str, version: int, spec: Json) -> None:
        """Change a record; Raft follows its role."""
        del version
        self._reached()
        self._agree()
        if self._world.raft == {node_id} and spec["Role"] == "worker":
            raise EngineError(self.host, 400, "attempting to demote the last manager of the swarm")
        with self._world.change():
            self._world.records[node_id].spec = spec
            if spec["Role"] == "worker":
                self._world.raft.discard(node_id)

    def remove_node(self, node_id: str, *, force: bool) -> None:
        """Drop a record, of no member of Raft."""
        self._reached()
        self._agree()
        record = self._world.records[node_id]
        if node_id in self._world.raft or (record.seen and not force):
            raise EngineError(self.host, 400, f"node {node_id} is not down and can't be removed")
        with self._world.change():
            del self._world.records[node_id]

    def _reached(self) -> Machine:
        if not self._machine.up:
            raise HostUnreachable(self.host, "no route", f"`{self.host}` does not answer.")
        return self._machine

    def _agree(self) -> None:
        if not self._world.has_quorum:
            raise EngineError(self.host, 500, NO_LEADER)

    def _managers(self) -> list[Machine]:
        return [machine for machine in self._world.machines.values() if machine.node in self._world.raft]

    def _node(self, record: Record, leader: str) -> Json:
        found: Json = {
            "ID": record.id,
            "Version": {"Index": 1},
            "Spec": record.spec,
            "Status": {"State": "ready" if record.seen else "down", "Addr": record.machine.address},
            "Description": {"Hostname": record.machine.name, "Engine": {"EngineVersion": "20.10.24"}},
        }
        if record.id in self._world.raft:
            found["ManagerStatus"] = {
                "Reachability": "reachable" if record.seen else "unreachable",
                "Leader": record.id == leader,
                "Addr": f"{record.machine.address}:2377",
            }
        return found
