"""Whether a node takes a task: the filters of SwarmKit's scheduler, in their order (manager/scheduler/filter.go). Pure.

The scheduler counts a node at the first filter that it fails. Here each filter says in words what the node lacks, so
that all obstacles are seen at once. What the facts do not say is called unknown, neither met nor unmet.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.blocks import tick
from bot.model import ClusterFacts, NodeFacts, ServiceFacts, TaskFacts
from bot.model.service import NANOSECONDS, NO_SPEC
from bot.swarm.reading.node_lookup import unambiguous_name
from bot.swarm.reading.parse import generic_resources
from bot.swarm.reading.parse_services import host_ports
from bot.swarm.services.placement.constraints import unmet_constraints
from bot.swarm.services.placement.obstacle import Obstacle
from bot.text.sizes import about_size
from bot.text.suggest import listed, number_of

MEBIBYTE: Final = 1024**2
MIN_MEMORY_BYTES: Final = 4 * MEBIBYTE
"""Docker accepts no smaller amount."""
SAME_MACHINE: Final = {"x86_64": "amd64", "aarch64": "arm64"}
"""The names of one architecture: those of the kernel, and those of images."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a task asks of its node."""

    service: str
    """The id of its service."""
    spec: Mapping[str, Any] = field(default_factory=lambda: NO_SPEC, repr=False)
    """Its spec, as ``TaskTemplate`` of a service."""
    host_ports: frozenset[tuple[int, str]] = frozenset()
    """Ports that it publishes on its node itself, with their protocols."""
    network_drivers: tuple[str, ...] = ()

    @property
    def placement(self) -> Mapping[str, Any]:
        """Its ``Placement``."""
        return self.spec.get("Placement") or NO_SPEC

    @property
    def reservations(self) -> Mapping[str, Any]:
        """The resources that it reserves."""
        return (self.spec.get("Resources") or NO_SPEC).get("Reservations") or NO_SPEC

    @property
    def mounts(self) -> tuple[Mapping[str, Any], ...]:
        """The mounts of its container."""
        return tuple((self.spec.get("ContainerSpec") or NO_SPEC).get("Mounts") or ())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that may take a task, and what it has already."""

    node: NodeFacts
    name: str
    """The name that a command takes for it."""
    tasks: tuple[TaskFacts, ...] = ()
    """The tasks that it works on, even those ordered to stop: they hold their reservations until they have ended."""
    held_ports: Mapping[tuple[int, str], str] = field(default_factory=dict)
    """Ports of the node that these hold, with the names of their services."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a node takes a task."""

    node: NodeFacts
    obstacles: tuple[Obstacle, ...]
    """The obstacles in the order of the filters; empty if it accepts the task."""

    @property
    def refused(self) -> tuple[Obstacle, ...]:
        """The obstacles that were seen."""
        return tuple(each for each in self.obstacles if each.known)


def need_of(service: ServiceFacts, task: TaskFacts | None = None) -> Need:
    """Return what a task asks of its node; without one, what the next task of the service will ask."""
    drivers = task.network_drivers if task else ()
    return Need(service.id, task.spec if task else service.template, _published(service), drivers)


def verdicts(swarm: ClusterFacts, need: Need) -> list[Verdict]:
    """Return for each node whether it takes a task. The facts must have services and the task list."""
    return [judge(found, need) for found in candidates(swarm, swarm.nodes)]


def judge(candidate: Candidate, need: Need) -> Verdict:
    """Return whether a node takes a task."""
    return Verdict(candidate.node, tuple(obstacle for check in FILTERS for obstacle in check(candidate, need)))


def candidates(swarm: ClusterFacts, nodes: Iterable[NodeFacts]) -> list[Candidate]:
    """Return nodes with what runs on them."""
    services = {service.id: (service.name, _published(service)) for service in swarm.services}
    tasks: dict[str, list[TaskFacts]] = {}
    for task in swarm.task_list:
        if task.alive:
            tasks.setdefault(task.node, []).append(task)
    found = []
    for node in nodes:
        ports_in_use: dict[tuple[int, str], str] = {}
        here = tasks.get(node.id, ())
        for task in here:
            if task.service in services:
                name, published = services[task.service]
                ports_in_use |= dict.fromkeys(task.host_ports or published, name)
        found.append(Candidate(node, unambiguous_name(swarm, node), tuple(here), ports_in_use))
    return found


def _available(candidate: Candidate, _: Need) -> Iterator[Obstacle]:
    """SwarmKit's ReadyFilter."""
    if candidate.node.state != "ready":
        yield Obstacle("available", f"is {candidate.node.state}")
    if candidate.node.availability != "active":
        yield Obstacle("available", f"is {candidate.node.availability_text}", f"activate {candidate.name}")


def _resources(candidate: Candidate, need: Need) -> Iterator[Obstacle]:
    """SwarmKit's ResourceFilter: what the tasks on a node reserve is taken, however little they use."""
    wanted, has = need.reservations, candidate.node.description
    cpus, memory = int(wanted.get("NanoCPUs") or 0), int(wanted.get("MemoryBytes") or 0)
    generic = generic_resources(wanted.get("GenericResources"))
    if not (cpus or memory or generic):
        return
    if has is None:
        yield Obstacle("resources", "its CPUs and memory are not known", known=False)
        return
    others = [Need(task.service, task.spec).reservations for task in candidate.tasks]
    free = has.nano_cpus - sum(int(each.get("NanoCPUs") or 0) for each in others)
    if cpus > free:
        numbers = f"needs {_cpus(cpus)}, {_cpus(free)} of {_cpus(has.nano_cpus)} not reserved"
        less = f"--reserve-cpu {_cpus(free)}" if _cpus(free) != "0" else ""
        yield Obstacle("resources", f"{_cpus(cpus - free, math.ceil)} CPU short ({numbers})", "", less)
    left = has.memory_bytes - sum(int(each.get("MemoryBytes") or 0) for each in others)
    if memory > left:
        room = f"{about_size(max(0, left))} of {about_size(has.memory_bytes)} not reserved"
        text = f"{about_size(memory - left)} of memory short (needs {about_size(memory)}, {room})"
        less = f"--reserve-memory {left // MEBIBYTE}m" if left >= MIN_MEMORY_BYTES else ""
        yield Obstacle("resources", text, "", less)
    taken = sum((Counter(generic_resources(each.get("GenericResources"))) for each in others), Counter())
    for kind, count in generic.items():
        there = has.generic.get(kind, 0) - taken[kind]
        if count > there:
            numbers = f"needs {count}, {there} of {has.generic.get(kind, 0)} not reserved"
            yield Obstacle("resources", f"{count - there} {tick(kind)} short ({numbers})")


def _plugins(candidate: Candidate, need: Need) -> Iterator[Obstacle]:
    """SwarmKit's PluginFilter: drivers of volumes, networks and logs."""
    wanted = [("Volume", name) for mount in need.mounts if (name := _volume_driver(mount))]
    wanted += [("Network", name) for name in need.network_drivers]
    log_driver = (need.spec.get("LogDriver") or NO_SPEC).get("Name")
    has = candidate.node.description
    listed_plugins = has.plugins if has else None
    # An engine that lists no log driver at all is too old to list them.
    if log_driver not in {None, "", "none"} and (
        listed_plugins is None or any(kind == "Log" for kind, _ in listed_plugins)
    ):
        wanted.append(("Log", str(log_driver)))
    for kind, name in dict.fromkeys(wanted):
        what = f"{kind.lower()} driver {tick(name)}"
        if listed_plugins is None:
            yield Obstacle("plugins", f"unknown whether it has the {what}", known=False)
        elif not {(kind, name), (kind, f"{name}:latest")} & listed_plugins:
            yield Obstacle("plugins", f"has no {what}")


def _constraints(candidate: Candidate, need: Need) -> Iterator[Obstacle]:
    """SwarmKit's ConstraintFilter."""
    yield from unmet_constraints(candidate.node, need.placement.get("Constraints") or (), candidate.name)


def _platform(candidate: Candidate, need: Need) -> Iterator[Obstacle]:
    """SwarmKit's PlatformFilter: the platforms of the image, as Docker's command found them in its registry."""
    wanted = [(each.get("OS") or "", each.get("Architecture") or "") for each in need.placement.get("Platforms") or ()]
    if not wanted:
        return
    has = candidate.node.description
    if has is None:
        yield Obstacle("platform", "its platform is not known", known=False)
    elif not any(_runs_on(platform, (has.os, has.architecture)) for platform in wanted):
        names = listed(dict.fromkeys(tick(_platform_name(*each)) for each in wanted))
        yield Obstacle("platform", f"is {tick(_platform_name(has.os, has.architecture))}, the image is for {names}")


def _host_ports(candidate: Candidate, need: Need) -> Iterator[Obstacle]:
    """SwarmKit's HostPortFilter."""
    for port, protocol in sorted(need.host_ports):
        if (holder := candidate.held_ports.get((port, protocol))) is not None:
            yield Obstacle("host ports", f"port {port}/{protocol} is in use by {tick(holder)}", holder=holder)


def _max_replicas(candidate: Candidate, need: Need) -> Iterator[Obstacle]:
    """SwarmKit's MaxReplicasFilter."""
    max_replicas = int(need.placement.get("MaxReplicas") or 0)
    count = sum(task.service == need.service and task.wanted for task in candidate.tasks)
    if max_replicas and count >= max_replicas:
        yield Obstacle(
            "max replicas", f"runs {number_of(count, 'task')} of it, at most {max_replicas} allowed per node"
        )


def _cluster_volumes(_: Candidate, need: Need) -> Iterator[Obstacle]:
    """SwarmKit's VolumesFilter, from engine 23.0 on: which node can reach a CSI volume is not in the facts."""
    if any(mount.get("Type") == "cluster" for mount in need.mounts):
        yield Obstacle("cluster volumes", "unknown whether it can reach the cluster volumes", known=False)


FILTERS: Final[tuple[Callable[[Candidate, Need], Iterator[Obstacle]], ...]] = (
    _available,
    _resources,
    _plugins,
    _constraints,
    _platform,
    _host_ports,
    _max_replicas,
    _cluster_volumes,
)


def _published(service: ServiceFacts) -> frozenset[tuple[int, str]]:
    return host_ports((service.spec.get("EndpointSpec") or NO_SPEC).get("Ports"))


def _cpus(nano: int, round_: Callable[[float], int] = math.floor) -> str:
    """Return CPUs with two digits: free CPUs are rounded down, missing ones up."""
    return f"{max(0, round_(nano * 100 / NANOSECONDS)) / 100:g}"


def _volume_driver(mount: Mapping[str, Any]) -> str:
    """Return the plugin that a mount needs; "" for none."""
    name = ((mount.get("VolumeOptions") or NO_SPEC).get("DriverConfig") or NO_SPEC).get("Name") or ""
    return "" if mount.get("Type") != "volume" or name == "local" else str(name)


def _runs_on(image: tuple[str, str], node: tuple[str, str]) -> bool:
    system, machine = image
    return system in {"", node[0]} and SAME_MACHINE.get(machine, machine) in {"", SAME_MACHINE.get(node[1], node[1])}


def _platform_name(system: str, machine: str) -> str:
    return f"{system or 'any system'}/{machine or 'any machine'}"
