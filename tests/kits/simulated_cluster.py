"""A simulated cluster behind the protocols of bot.model, as Swarmbot sees it.

It is not kinder than real engines: it guards no quorum, its managers notice late who is dead or cut off, and they
answer from memory after they have lost the leader (docs/swarm-behaviour.md#managers-and-raft).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, cast

from bot.errors import EngineError, HostUnreachable
from bot.model import (
    Backup,
    BackupList,
    BackupStore,
    ClusterFacts,
    Engine,
    Facts,
    FactsQuery,
    HostFacts,
    HostFailure,
    Interface,
    JoinTokens,
    Json,
    ProbedRoute,
    Reach,
    Route,
    StackRecorder,
    TlsInfo,
)
from bot.secrets.secret import Secret
from bot.swarm.network.routes import wanted_routes
from bot.swarm.reading import parse
from bot.swarm.reading.manager_choice import readable_managers
from bot.swarm.reading.node_lookup import assign_hosts
from tests.kits.cluster_truth import LATE, Machine, World

ROOT: Final = (Path(__file__).parents[1] / "plans" / "pem" / "own.pem").read_text()
NO_LEADER: Final = "The swarm does not have a leader."


class Simulated(World):
    """The engines of a simulated cluster, and the facts that a FactsReader would read."""

    backups = BackupList()

    def __getitem__(self, host: str) -> Engine:
        return cast("Engine", SimulatedEngine(self, self.machines[host]))

    def names(self) -> tuple[str, ...]:
        """Return the names of the machines."""
        return tuple(self.machines)

    def address(self, host: str) -> str:
        """Return a machine's address."""
        return self.machines[host].address

    @property
    def backup_store(self) -> BackupStore:
        """Return the store of its backups."""
        return cast("BackupStore", self)

    @property
    def stack_recorder(self) -> StackRecorder:
        """It records no stacks."""
        raise AssertionError("it records no stacks")

    def add(self, backup: Backup, state: bytes) -> None:
        """Record a backup, the newest first."""
        del state
        self.backups = BackupList((backup, *self.backups.backups))

    def read(self, query: FactsQuery) -> Facts:
        """Return facts as a FactsReader would; without hosts that are off and not waited for."""
        wanted = self.names() if query.all_hosts else (*query.hosts, *query.probe)
        answering = {name for name, machine in self.machines.items() if machine.there and machine.ssh}
        hosts = {name: self._host(name, query) for name in self.names() if name in answering or name in wanted}
        for name in readable_managers(hosts):
            with suppress(EngineError):
                nodes = assign_hosts(parse.nodes(self[name].nodes()), hosts, self)
                swarm = ClusterFacts("prodid", name, 1, MappingProxyType({}), nodes, tls=TlsInfo(ROOT))
                routes = wanted_routes(hosts, swarm, query.probe, every_peer=query.every_peer)
                heard = {each: self._heard(name, host) for each, host in hosts.items()}
                probed_routes = tuple(map(self._probed, routes))
                return Facts("prod", 0.0, heard, swarm, probed_routes=probed_routes, backups=self.backups)
        return Facts("prod", 0.0, hosts)

    def _host(self, name: str, query: FactsQuery) -> HostFacts:
        machine = self.machines[name]
        try:
            found = parse.host(name, machine.address, self[name].info())
        except HostUnreachable as error:
            return HostFacts(name, machine.address, HostFailure(error.problem, error.happened))
        peers = {
            f"{other.address}:2377": self._met(machine, other)
            for other in self.managers()
            if query.peer_reach and found.is_manager and other is not machine
        }
        return replace(
            found,
            clock_offset=0.0,
            interfaces=(Interface("eth0", (machine.address,)),),
            peer_reach=MappingProxyType(peers),
        )

    def _met(self, one: Machine, other: Machine) -> Reach:
        if not self.reaches(one, other):
            return "no answer"
        return "open" if other.manages else "refused"

    def _probed(self, route: Route) -> ProbedRoute:
        source, target = self.machines[route.source], self.machines[route.target]
        if not self.reaches(source, target):
            return ProbedRoute(route, "blocked", "no answer")
        return ProbedRoute(route, "open" if route.transport == "tcp" and target.node else "passed")

    def _heard(self, source: str, host: HostFacts) -> HostFacts:
        met = None if host.responds else self._met(self.machines[source], self.machines[host.name])
        return replace(host, reach_from_managers=met)


class SimulatedEngine:
    """The calls that operations make, and no more."""

    def __init__(self, world: Simulated, machine: Machine) -> None:
        self._world = world
        self._machine = machine
        self.host = machine.name

    def info(self, timeout_s: float = 0.0) -> Json:  # noqa: ARG002 - no call hangs
        """As ``GET /info``."""
        machine = self._reached()
        lost = machine.manages and machine.alone >= LATE
        swarm = {
            "LocalNodeState": "active" if machine.node else "inactive",
            "NodeID": machine.node,
            "ControlAvailable": machine.manages,
            "Error": NO_LEADER if lost else "",
            "NodeAddr": machine.address if machine.node else "",
            "Cluster": {"ID": "prodid"} if machine.manages else {},
            "RemoteManagers": [{"Addr": f"{each.address}:2377"} for each in self._world.managers() if machine.node],
        }
        return {"Name": machine.name, "ServerVersion": "20.10.24", "Swarm": swarm}

    def nodes(self) -> list[Json]:
        """As ``GET /nodes``; from memory until the engine has noticed that there is no leader."""
        machine = self._reached()
        if self._is_led():
            return self._world.listed()
        if machine.alone >= LATE:
            raise EngineError(self.host, 503, NO_LEADER)
        return machine.memory

    def pack_swarm(self) -> bytes:
        """Stop the engine, and start it again."""
        machine = self._reached()
        with self._world.change(lasting=False):
            self._world.power(machine.name, on=False)
        self._world.power(machine.name, on=True)
        return b"state"

    def start_engine(self) -> None:
        """An engine runs whenever its machine does."""
        self._reached()

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
        machine = self._machine
        if not (machine.there and machine.ssh):
            raise HostUnreachable(self.host, "timed out", f"`{self.host}` does not answer.")
        return machine

    def _is_led(self) -> bool:
        leader = self._world.leader
        return leader is not None and self._world.hear(leader, self._machine)

    def _agree(self) -> None:
        if not self._is_led():
            raise EngineError(self.host, 500, NO_LEADER)
