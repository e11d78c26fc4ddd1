"""Which nodes take a task, filter by filter, and what is said of those that do not."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import pytest

from bot.model import ClusterFacts, NodeDescription, NodeFacts, ServiceFacts, TaskFacts
from bot.swarm.services.placement.eligible_nodes import meets_constraints
from bot.swarm.services.placement.scheduling import candidates, judge, need_of, verdicts
from tests.kits.nodes import worker

GIB: Final = 1024**3
MACHINE: Final = NodeDescription(
    nano_cpus=2_000_000_000,
    memory_bytes=2 * GIB,
    generic=MappingProxyType({"gpu": 2}),
    os="linux",
    architecture="x86_64",
    plugins=frozenset({("Volume", "local"), ("Volume", "nfs:latest"), ("Network", "overlay"), ("Log", "json-file")}),
    labels=MappingProxyType({"disk": "ssd"}),
)
NODE: Final = worker(
    "n2",
    "host-2",
    host="host-2",
    address="10.0.0.2",
    labels=MappingProxyType({"zone": "a", "rack": "7"}),
    description=MACHINE,
)
GPUS: Final = {"GenericResources": [{"DiscreteResourceSpec": {"Kind": "gpu", "Value": 2}}]}


def reserving(**reserved: Any) -> dict[str, Any]:
    """Return the spec of a task with these reservations."""
    return {"Resources": {"Reservations": reserved}}


def placed(**placement: Any) -> dict[str, Any]:
    """Return the spec of a task with this placement."""
    return {"Placement": placement}


def mounting(kind: str, driver: str) -> dict[str, Any]:
    """Return the spec of a task that mounts a volume of a driver."""
    mount = {"Type": kind, "Source": "data", "VolumeOptions": {"DriverConfig": {"Name": driver}}}
    return {"ContainerSpec": {"Mounts": [mount]}}


def judged(
    spec: dict[str, Any],
    node: NodeFacts = NODE,
    others: tuple[TaskFacts, ...] = (),
    *,
    drivers: tuple[str, ...] = (),
    **service: Any,
) -> list[str]:
    """Return what keeps ``node`` from taking a task of this spec: "filter: text → fix", "?" for what is not known."""
    wanted = ServiceFacts("web", 0, 1, id="web-id", spec={"TaskTemplate": spec, **service})
    swarm = ClusterFacts("c", "host-1", 1, {}, (node,), (wanted, OTHER), task_list=others)
    task = TaskFacts("web-id", "", "pending", wanted=True, spec=spec, network_drivers=drivers)
    [candidate] = candidates(swarm, [node])
    found = judge(candidate, need_of(wanted, task)).obstacles
    return [f"{'' if o.known else '?'}{o.filter}: {o.text}{f' → {o.fix}' if o.fix else ''}" for o in found]


PORT: Final = {"PublishedPort": 8080, "TargetPort": 80, "PublishMode": "host"}
OTHER: Final = ServiceFacts("other", 1, 1, id="other-id", spec={"EndpointSpec": {"Ports": [PORT]}})
RUNNING: Final = TaskFacts("other-id", "n2", "running", wanted=True)


@pytest.mark.parametrize(
    ("state", "availability", "told"),
    [
        ("ready", "active", []),
        ("ready", "drain", ["available: is drained → activate host-2"]),
        ("ready", "pause", ["available: is paused → activate host-2"]),
        ("down", "active", ["available: is down"]),
        ("unknown", "drain", ["available: is unknown", "available: is drained → activate host-2"]),
    ],
)
def test_available(state: str, availability: str, told: list[str]) -> None:
    """Only a node that is ready and active takes tasks."""
    assert judged({}, replace(NODE, state=state, availability=availability)) == told


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (reserving(NanoCPUs=500_000_000, MemoryBytes=GIB), []),
        (
            reserving(NanoCPUs=900_000_001),
            ["resources: 0.41 CPU short (needs 0.9, 0.5 of 2 not reserved)"],
        ),
        (
            reserving(MemoryBytes=3 * GIB // 2),
            ["resources: 512 MiB of memory short (needs 1.5 GiB, 1 GiB of 2 GiB not reserved)"],
        ),
        (reserving(**GPUS), ["resources: 1 `gpu` short (needs 2, 1 of 2 not reserved)"]),
        (
            reserving(GenericResources=[{"DiscreteResourceSpec": {"Kind": "fpga", "Value": 1}}]),
            ["resources: 1 `fpga` short (needs 1, 0 of 0 not reserved)"],
        ),
        (reserving(NanoCPUs=0, MemoryBytes=0), []),
        ({"Resources": {"Limits": {"MemoryBytes": 9 * GIB}}}, []),
    ],
    ids=["fits", "CPU", "memory", "generic", "no such resource", "nothing reserved", "limits are not reservations"],
)
def test_resources(spec: dict[str, Any], told: list[str]) -> None:
    """What other tasks reserve is taken, also by those that still stop; ended ones have given it back."""
    taken = reserving(
        NanoCPUs=1_500_000_000, MemoryBytes=GIB, GenericResources=[{"NamedResourceSpec": {"Kind": "gpu", "Value": "a"}}]
    )
    stopping = replace(RUNNING, wanted=False, spec=taken)
    ended = replace(RUNNING, state="shutdown", wanted=False, spec=taken)
    elsewhere = replace(RUNNING, node="n3", spec=taken)
    assert judged(spec, others=(stopping, ended, elsewhere)) == told


@pytest.mark.parametrize(
    ("spec", "drivers", "told"),
    [
        (mounting("volume", "nfs"), (), []),
        (mounting("volume", "local"), (), []),
        (mounting("bind", "ceph"), (), []),
        (mounting("volume", "ceph"), (), ["plugins: has no volume driver `ceph`"]),
        ({}, ("overlay",), []),
        ({}, ("weave",), ["plugins: has no network driver `weave`"]),
        ({"LogDriver": {"Name": "json-file"}}, (), []),
        ({"LogDriver": {"Name": "none"}}, (), []),
        ({"LogDriver": {"Options": {}}}, (), []),
        ({"LogDriver": {"Name": "loki"}}, (), ["plugins: has no log driver `loki`"]),
    ],
)
def test_plugins(spec: dict[str, Any], drivers: tuple[str, ...], told: list[str]) -> None:
    """A plugin without a tag is found as ``latest``."""
    assert judged(spec, drivers=drivers) == told


def test_plugins_of_an_old_engine() -> None:
    """One that lists no log driver at all is too old to list them: SwarmKit lets such a task pass."""
    old = replace(MACHINE, plugins=frozenset({("Volume", "local")}))
    assert judged({"LogDriver": {"Name": "loki"}}, replace(NODE, description=old)) == []


@pytest.mark.parametrize(
    ("constraints", "told"),
    [
        (["node.labels.zone==A", "NODE.LABELS.rack == 7"], []),
        (["node.labels.Zone==a"], ["constraints: no label `Zone=a` → label host-2 Zone=a"]),
        (["node.labels.zone==b"], ["constraints: no label `zone=b` (has `zone=a`) → label host-2 zone=b"]),
        (["node.labels.gone!=b"], []),
        (["node.labels.zone!=a"], ["constraints: has the label `zone=a` → label host-2 --remove zone"]),
        (
            ["node.labels.zone!=a", "node.labels.zone==b"],
            [
                "constraints: has the label `zone=a`",
                "constraints: no label `zone=b` (has `zone=a`) → label host-2 zone=b",
            ],
        ),
        (["node.labels.zone==b c"], ["constraints: no label `zone=b c` (has `zone=a`)"]),
        (["node.role==Worker", "node.hostname!=host-3", "node.id==N2"], []),
        (["node.role==manager"], ["constraints: does not meet `node.role==manager`"]),
        (["node.hostname==host-9"], ["constraints: does not meet `node.hostname==host-9`"]),
        (["node.platform.os==linux", "node.platform.arch!=arm64", "engine.labels.disk==ssd"], []),
        (["engine.labels.gpu==yes"], ["constraints: does not meet `engine.labels.gpu==yes`"]),
        (["node.ip==10.0.0.0/24", "node.ip!=10.0.0.3"], []),
        (["node.ip!=10.0.0.2"], ["constraints: does not meet `node.ip!=10.0.0.2`"]),
        (["node.ip==somewhere"], ["constraints: does not meet `node.ip==somewhere`"]),
        (["node.foo!=bar"], ["constraints: does not meet `node.foo!=bar`"]),
    ],
)
def test_constraints(constraints: list[str], told: list[str]) -> None:
    """Upper and lower case are the same but in a label's key. No node meets a key that SwarmKit does not know."""
    assert judged(placed(Constraints=constraints)) == told
    service = ServiceFacts("web", 0, 1, spec={"TaskTemplate": placed(Constraints=constraints)})
    assert meets_constraints(NODE, service) == (not told)


@pytest.mark.parametrize(
    ("platforms", "told"),
    [
        ([], []),
        ([{"OS": "linux", "Architecture": "amd64"}], []),
        ([{"OS": "windows", "Architecture": "amd64"}, {"OS": "linux"}], []),
        (
            [{"OS": "linux", "Architecture": "aarch64"}, {"OS": "linux", "Architecture": "arm"}],
            ["platform: is `linux/x86_64`, the image is for `linux/aarch64` and `linux/arm`"],
        ),
    ],
)
def test_platform(platforms: list[dict[str, str]], told: list[str]) -> None:
    """The kernel's and the image's names of one architecture are the same."""
    assert judged(placed(Platforms=platforms)) == told


@pytest.mark.parametrize(
    ("ports", "told"),
    [
        ([PORT], ["host ports: port 8080/tcp is in use by `other`"]),
        ([{**PORT, "Protocol": "udp"}, {**PORT, "PublishedPort": 8081}], []),
        ([{**PORT, "PublishMode": "ingress"}], []),
    ],
)
def test_host_ports(ports: list[dict[str, Any]], told: list[str]) -> None:
    """A port is held as soon as a task is assigned, and by the ports that the task really has."""
    assert judged({}, others=(replace(RUNNING, state="preparing"),), EndpointSpec={"Ports": ports}) == told
    moved = replace(RUNNING, host_ports=frozenset({(9090, "tcp")}))
    assert judged({}, others=(moved,), EndpointSpec={"Ports": ports}) == []


def test_max_replicas() -> None:
    """A task that must stop is not counted, as in SwarmKit."""
    own = replace(RUNNING, service="web-id")
    told = ["max replicas: runs 1 task of it, at most 1 allowed per node"]
    assert judged(placed(MaxReplicas=1), others=(own,)) == told
    assert judged(placed(MaxReplicas=1), others=(replace(own, wanted=False), RUNNING)) == []
    assert judged(placed(MaxReplicas=2), others=(own,)) == []


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({}, []),
        (reserving(NanoCPUs=1), ["?resources: its CPUs and memory are not known"]),
        (mounting("volume", "nfs"), ["?plugins: unknown whether it has the volume driver `nfs`"]),
        (
            placed(Constraints=["node.platform.os==linux"]),
            ["?constraints: unknown whether it meets `node.platform.os==linux`"],
        ),
        (placed(Platforms=[{"OS": "linux"}]), ["?platform: its platform is not known"]),
        (
            {"ContainerSpec": {"Mounts": [{"Type": "cluster", "Source": "group:fast"}]}},
            ["?cluster volumes: unknown whether it can reach the cluster volumes"],
        ),
    ],
)
def test_what_the_facts_do_not_tell_is_unknown(spec: dict[str, Any], told: list[str]) -> None:
    """A node that has not described itself is neither said to fit nor not to fit."""
    node = replace(NODE, description=None)
    assert judged(spec, node) == told
    service = ServiceFacts("web", 0, 1, id="web-id", spec={"TaskTemplate": spec})
    [verdict] = verdicts(ClusterFacts("c", "host-1", 1, {}, (node,), (service,)), need_of(service))
    assert verdict.refused == ()


def test_all_that_stands_in_the_way_is_named() -> None:
    """In the order of SwarmKit's filters, so the first is the one that it counts the node at."""
    spec = {**reserving(NanoCPUs=3_000_000_000), **placed(Constraints=["node.labels.zone==b"], MaxReplicas=1)}
    drained = replace(NODE, availability="drain")
    assert [each.partition(":")[0] for each in judged(spec, drained)] == ["available", "resources", "constraints"]
