"""Parse the Engine API's JSON (version 1.41) of a host and of nodes into facts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from bot.model import HostFacts, Json, NodeDescription, NodeFacts, TlsInfo
from bot.swarm.reading.parse_services import seconds
from bot.text.engine_text import without_grpc
from bot.text.mrkdwn import safe_name


def host(name: str, address: str, info: Json) -> HostFacts:
    """Parse ``GET /info``. Only managers have ``Swarm.Cluster``."""
    swarm = info.get("Swarm") or {}
    return HostFacts(
        name=name,
        address=address,
        hostname=safe_name(info.get("Name", "")),
        engine_version=safe_name(info.get("ServerVersion", "")),
        live_restore=info.get("LiveRestoreEnabled"),
        membership=swarm.get("LocalNodeState") or "inactive",
        swarm_error=without_grpc(swarm.get("Error") or ""),
        swarm_id=(swarm.get("Cluster") or {}).get("ID", ""),
        node_id=swarm.get("NodeID", ""),
        node_address=swarm.get("NodeAddr", ""),
        is_manager=bool(swarm.get("ControlAvailable")),
        managers=tuple(peer["Addr"] for peer in swarm.get("RemoteManagers") or ()),
        system_time=seconds(info.get("SystemTime")),
        data_root=info.get("DockerRootDir", ""),
    )


def nodes(nodes_json: Iterable[Json]) -> tuple[NodeFacts, ...]:
    """Parse ``GET /nodes``; managers come first, then by name."""
    records, members, described = [], [], _Descriptions()
    for record in nodes_json:
        node = _node(record, described)
        records.append(node)
        if node.raft_address:
            members.append((record.get("CreatedAt", ""), node))
    superseded = _superseded_managers(members)
    actual = [replace(node, reachability="unreachable") if node.id in superseded else node for node in records]
    return tuple(sorted(actual, key=lambda node: (node.role != "manager", node.hostname, node.id)))


def _superseded_managers(members: Sequence[tuple[str, NodeFacts]]) -> set[str]:
    """Return the ids of managers at whose Raft address a newer manager answers: their host was wiped and joined again.

    ``members`` come with the time when they were created, as the engine writes it. The engine calls them reachable
    because it checks only the address, but they never vote again (measured on 20.10.24: with members 1, 2, 3 and an old
    record of 3, the quorum was lost when 2 failed).
    """
    ordered = [node for _, node in sorted(members, key=lambda member: member[0])]
    newest = {node.raft_address: node.id for node in ordered}
    return {node.id for node in ordered if newest[node.raft_address] != node.id}


def _node(record: Json, described: _Descriptions) -> NodeFacts:
    manager = record.get("ManagerStatus") or {}
    spec, status, description = record["Spec"], record["Status"], record.get("Description") or {}
    return NodeFacts(
        id=record["ID"],
        hostname=safe_name(description.get("Hostname", "")),
        role=spec["Role"],
        availability=spec["Availability"],
        state=status["State"],
        version=record["Version"]["Index"],
        spec=MappingProxyType(spec),
        reachability=manager.get("Reachability", ""),
        leader=bool(manager.get("Leader")),
        address=status.get("Addr", ""),
        raft_address=manager.get("Addr", ""),
        engine_version=safe_name((description.get("Engine") or {}).get("EngineVersion", "")),
        labels=MappingProxyType(spec.get("Labels") or {}),
        tls=tls_info(description.get("TLSInfo")),
        description=described.of(description),
    )


def generic_resources(resources: Sequence[Mapping[str, Any]] | None) -> dict[str, int]:
    """Return how many of each kind ``GenericResources`` has, of a node or of a reservation: counted or named ones."""
    if not resources:
        return {}
    counts: Counter[str] = Counter()
    for resource in resources:
        counted, named = resource.get("DiscreteResourceSpec"), resource.get("NamedResourceSpec")
        if counted:
            counts[counted["Kind"]] += int(counted.get("Value", 0))
        elif named:
            counts[named["Kind"]] += 1
    return dict(counts)


class _Descriptions:
    """Parses what nodes report of themselves. Nodes of one kind share the JSON, and therefore its parsed form."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[NodeDescription, tuple[Json, ...]]] = {}
        """By the identities of the JSON's parts, which are kept with it."""

    def of(self, description: Json) -> NodeDescription | None:
        """Parse ``Description``, which is empty until a node has joined for the first time."""
        resources, platform, engine = (description.get(key) for key in ("Resources", "Platform", "Engine"))
        if not (resources and platform and engine):
            return None
        key = id(resources), id(platform), id(engine)
        if key not in self._known:
            self._known[key] = _description(resources, platform, engine), (resources, platform, engine)
        return self._known[key][0]


def _description(resources: Json, platform: Json, engine: Json) -> NodeDescription:
    listed = engine.get("Plugins")
    plugins = None if listed is None else _plugins(tuple((each["Type"], each["Name"]) for each in listed))
    return NodeDescription(
        nano_cpus=resources.get("NanoCPUs", 0),
        memory_bytes=resources.get("MemoryBytes", 0),
        generic=MappingProxyType(generic_resources(resources.get("GenericResources"))),
        os=platform.get("OS", ""),
        architecture=platform.get("Architecture", ""),
        plugins=plugins,
        labels=MappingProxyType(engine.get("Labels") or {}),
    )


@lru_cache(256)
def _plugins(listed: tuple[tuple[str, str], ...]) -> frozenset[tuple[str, str]]:
    """Return the set of plugins: nodes of one kind have one in common."""
    return frozenset(listed)


def tls_info(info: Json | None) -> TlsInfo:
    """Parse ``TLSInfo`` of a node's description or of ``GET /swarm``."""
    found = info or {}
    return _tls_info(found.get("TrustRoot", ""), found.get("CertIssuerPublicKey") or "")


@lru_cache(256)
def _tls_info(root: str, issuer_key: str) -> TlsInfo:
    """Return what most nodes of a cluster have in common."""
    return TlsInfo(root=root, issuer_key=issuer_key)
