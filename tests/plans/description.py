"""Makes the facts that a case describes in a few words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, Field

from bot.commands import Vocabulary
from bot.model import (
    BackupList,
    ClosedChannel,
    ClusterFacts,
    Facts,
    FactsQuery,
    Freeze,
    GoodSpec,
    HostFacts,
    HostFailure,
    ProbedRoute,
    Revealed,
    ServiceFacts,
    ServiceMode,
    StackRevision,
    TaskFacts,
)
from bot.model.history import History
from bot.secrets.secret import Secret
from bot.swarm.network.routes import matching_hosts, mesh_routes, ready_peers, wanted_routes
from tests.plans.machines import host_facts, node_facts, record_facts
from tests.plans.parts import NOW, STRICT, Change, Kept, Key, Machine, Record, Recorded, Reported, Stretch, Trial
from tests.plans.probed_routes import mesh_facts, probed
from tests.plans.trusting import pem, tls
from tests.plans.workload import Network, Reading, Service, Stored, Task, Volume

PLAIN = FactsQuery()


class Description(BaseModel):
    """Facts in a few words. ``readable``: whether a manager with a quorum can be read; by default if there is one.

    ``services``: each in full, or how many run, how many are wanted, and why not all do. ``tasks``: how many a service
    runs on which node's id, ``task_list`` others one by one; ``constraints`` are those of a service's placement;
    ``readings``: what was read at their nodes of tasks, by id. ``volumes`` are those of a host.
    ``closed`` and ``skipped`` list routes as ``host-1 > host-4 7946/udp``. ``frozen``: by whom ("": swarmbot.yml), why.
    ``root`` and ``issuer`` name files of tests/plans/pem, by default the issuer is the root.
    """

    model_config = STRICT

    name: str = "prod"
    hosts: dict[str, Machine]
    readable: bool | None = None
    records: list[Record] = []
    services: dict[str, tuple[int, int, str] | Service] = {}
    good_specs: dict[str, dict[str, Any]] = {}
    """What differs in the last good spec of a service. That spec is from an hour before."""
    tasks: dict[str, dict[str, int]] = {}
    image_trouble: str = ""
    task_list: list[Task] = []
    readings: dict[str, Reading] = {}
    constraints: dict[str, list[str]] = {}
    global_services: list[str] = []
    other_clusters: dict[str, str] = {}
    secrets: dict[Revealed, str] = {}
    ca_files: dict[str, str] = {}
    unread_ca_files: dict[str, str] = {}
    spec: dict[str, Any] = {}
    networks: list[Network] = []
    stored_secrets: list[Stored] = []
    configs: list[Stored] = []
    volumes: dict[str, list[Volume]] = {}
    backups: list[Kept] = []
    unreadable_backups: list[str] = []
    token_valid_until: float = 0.0
    closed: list[str] = []
    skipped: list[str] = []
    keys: dict[str, list[Key]] = {}
    host_key_failures: dict[str, str] = {}
    mesh: Trial = Field(default_factory=Trial)
    mesh_failure: str = ""
    frozen: tuple[str, str] | None = None
    open_changes: list[Change] = []
    incidents: list[Reported] = []
    unwatched_minutes: int = 0
    """How long ago a process last watched the cluster; 0 if one does."""
    recorded: Recorded | None = None
    revisions: list[int] = []
    """The revisions of the requested stack, each from a minute before the next, by `U0ADA`."""
    listed_stacks: list[str] = []
    """Those that swarmbot.yml lists."""
    recorded_before: list[Stretch] | None = None
    """What watch recorded, the oldest first; None if the command does not read it."""
    watched: bool = True
    """Whether a process watches the cluster now."""
    closed_channel: tuple[str, str] | None = None
    """Slack's error code, and what to do."""
    root: str = ""
    issuer: str = ""
    rotating: bool = False

    @property
    def vocabulary(self) -> Vocabulary:
        """The names that words can mean: the hosts, and the nodes and services as they were last read."""
        members = [name for name, host in self.hosts.items() if host.role != "nothing"]
        nodes = (*members, *(record.hostname for record in self.records if record.hostname))
        return Vocabulary(self.name, tuple(self.hosts), nodes=nodes, services=(*self.services, *self.tasks))

    def facts(self, query: FactsQuery = PLAIN) -> Facts:
        """Return the facts, with the routes that ``query`` probes. Files on hosts are keyed ``host:path``."""
        addresses = self._addresses()
        leaders = [name for name, host in self.hosts.items() if host.role == "leader"]
        readable = bool(leaders) if self.readable is None else self.readable
        members = {name: host for name, host in self.hosts.items() if host.role != "nothing"}
        nodes = [
            replace(node_facts(name, addresses[name], host), tls=tls(self.root, host.issuer or self.issuer))
            for name, host in members.items()
            if host.recorded
        ]
        nodes += [replace(record_facts(record), tls=tls(self.root, self.issuer)) for record in self.records]
        nodes.sort(key=lambda node: (node.role != "manager", node.hostname, node.id))
        swarm = None
        stacked = {each.name: each for each in self.recorded.services()} if self.recorded and query.stack else {}
        if readable:
            swarm = ClusterFacts(
                id="prodid",
                read_from=next(iter(leaders), "host-1"),
                version=7,
                spec=MappingProxyType(self.spec),
                nodes=tuple(nodes),
                services=(
                    *(
                        self._service(name).facts(name)
                        for name in {**self.services, **self.tasks}
                        if name not in stacked
                    ),
                    *stacked.values(),
                ),
                task_counts=sum(map(Counter, self.tasks.values()), Counter()),
                task_list=self._tasks(stacked),
                networks=tuple(network.facts() for network in self.networks),
                secrets=tuple(secret.facts() for secret in self.stored_secrets),
                configs=tuple(config.facts() for config in self.configs),
                tls=tls(self.root, self.issuer),
                rotating=self.rotating,
            )
        hosts = {name: host_facts(name, addresses[name], host, self._raft()) for name, host in self.hosts.items()}
        for name, found in self.volumes.items():
            hosts[name] = replace(hosts[name], volumes=tuple(volume.facts() for volume in found))
        return Facts(
            name=self.name,
            at=NOW,
            hosts=MappingProxyType(hosts),
            swarm=swarm,
            task_readings=MappingProxyType({task: reading.facts() for task, reading in self.readings.items()}),
            secrets=MappingProxyType({name: Secret(text) for name, text in self.secrets.items()}),
            other_clusters=MappingProxyType(self.other_clusters),
            ca_files=MappingProxyType({_place(key): pem(text) for key, text in self.ca_files.items()}),
            unread_ca_files=MappingProxyType({_place(key): text for key, text in self.unread_ca_files.items()}),
            backups=BackupList(tuple(kept.backup() for kept in self.backups), tuple(self.unreadable_backups)),
            token_valid_until=self.token_valid_until,
            probed_routes=self._passages(hosts, swarm, query),
            duration_s=0.4,
            host_keys=MappingProxyType({name: tuple(key.facts() for key in keys) for name, keys in self.keys.items()}),
            mesh=mesh_facts(self.mesh, self.hosts, self._addresses())
            if swarm and query.mesh and not self.mesh_failure
            else None,
            mesh_failure=self.mesh_failure,
            host_key_failures=MappingProxyType(
                {name: HostFailure("timed out", text) for name, text in self.host_key_failures.items()}
            ),
            image_trouble=self.image_trouble if query.image else "",
            good_specs={
                f"id-{name}": GoodSpec(self._service(name).whole_spec(name, more), NOW - 3600)
                for name, more in self.good_specs.items()
            },
            open_changes=tuple(change.facts() for change in self.open_changes),
            incidents=tuple(each.facts() for each in self.incidents),
            unwatched_since=NOW - 60 * self.unwatched_minutes if self.unwatched_minutes else 0.0,
            closed_channel=self._closed_channel(),
            stack=self.recorded.recording(query.stack) if self.recorded and query.stack and readable else None,
            revisions=tuple(
                StackRevision(number, NOW - 60 * place, "U0ADA", f"k7f{number}")
                for place, number in enumerate(reversed(self.revisions), 1)
            )
            if query.revisions_of
            else (),
            listed_stacks=tuple(self.listed_stacks) if query.listed_stacks else (),
            history=self._history() if query.history else None,
            freeze=Freeze(self.name, NOW + 3600, *self.frozen) if self.frozen else None,
            force_approvals=3 if self.frozen else 2,
        )

    def _history(self) -> History:
        found = [sample for stretch in self.recorded_before or () for sample in stretch.samples()]
        return History(tuple(found), watched=self.watched)

    def _closed_channel(self) -> ClosedChannel | None:
        return ClosedChannel("C0PROD", *self.closed_channel, since=NOW - 3600) if self.closed_channel else None

    def _passages(
        self, hosts: dict[str, HostFacts], swarm: ClusterFacts | None, query: FactsQuery
    ) -> tuple[ProbedRoute, ...]:
        routes = wanted_routes(
            hosts,
            swarm,
            matching_hosts(hosts, query.probe),
            every_peer=query.every_peer,
            new_managers=query.new_managers,
            data_port=query.data_port,
        )
        if swarm and query.mesh:
            routes = mesh_routes(ready_peers(swarm, hosts, query.mesh_nodes), swarm.data_port)
        return tuple(probed(route, self.hosts, self.closed, self.skipped) for route in routes)

    def _addresses(self) -> dict[str, str]:
        return {name: f"10.0.0.{number}" for number, name in enumerate(self.hosts, 1)}

    def _service(self, name: str) -> Service:
        """Return what the case says of a service, in full."""
        count = sum(self.tasks.get(name, {}).values())
        told = self.services.get(name, (count, count, ""))
        if isinstance(told, Service):
            return told
        running, desired, complaint = told
        mode: ServiceMode = "global" if name in self.global_services else "replicated"
        constraints = self.constraints.get(name, [])
        return Service(
            running=running, desired=desired, complaint=complaint, mode=mode, replicas=desired, constraints=constraints
        )

    def _tasks(self, stacked: Mapping[str, ServiceFacts]) -> tuple[TaskFacts, ...]:
        specs = {name: (stacked.get(name) or self._service(name).facts(name)).template for name in self.tasks}
        running = [
            TaskFacts(f"id-{service}", node, "running", wanted=True, since=NOW, spec=specs[service])
            for service, nodes in self.tasks.items()
            for node, count in nodes.items()
            for _ in range(count)
        ]
        return (*running, *(task.facts(self._service(task.service)) for task in self.task_list))

    def _raft(self) -> list[str]:
        managers = [name for name, host in self.hosts.items() if host.role in {"leader", "manager"}]
        return [f"{self._addresses()[name]}:2377" for name in managers]


def _place(key: str) -> tuple[str, str]:
    host, _, path = key.partition(":")
    return host, path
