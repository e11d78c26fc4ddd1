"""Parse the Engine API's JSON (version 1.41) of a host and of nodes into facts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    )


def nodes(found: Sequence[Json]) -> tuple[NodeFacts, ...]:
    """Parse ``GET /nodes``; managers come first, then by name."""
    superseded = _superseded_managers(found)
    records = [_node(record) for record in found]
    actual = [replace(node, reachability="unreachable") if node.id in superseded else node for node in records]
    return tuple(sorted(actual, key=lambda node: (node.role != "manager", node.hostname, node.id)))


def _superseded_managers(found: Sequence[Json]) -> set[str]:
    """Return the ids of managers at whose Raft address a newer manager answers: their host was wiped and joined again.

    The engine calls them reachable because it checks only the address, but they never vote again (measured on 20.10.24:
    with members 1, 2, 3 and an old record of 3, the quorum was lost when 2 failed).
    """
    newest: dict[str, Json] = {}
    for record in sorted(found, key=lambda record: record.get("CreatedAt", "")):
        if address := (record.get("ManagerStatus") or {}).get("Addr"):
            newest[address] = record
    return {
        record["ID"]
        for record in found
        if (address := (record.get("ManagerStatus") or {}).get("Addr")) and newest[address]["ID"] != record["ID"]
    }


def _node(record: Json) -> NodeFacts:
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
        description=_description(description),
    )


def generic_resources(found: Sequence[Mapping[str, Any]] | None) -> dict[str, int]:
    """Return how many of each kind ``GenericResources`` has, of a node or of a reservation: counted or named ones."""
    counts: Counter[str] = Counter()
    for each in found or ():
        counted, named = each.get("DiscreteResourceSpec"), each.get("NamedResourceSpec")
        if counted:
            counts[counted["Kind"]] += int(counted.get("Value", 0))
        elif named:
            counts[named["Kind"]] += 1
    return dict(counts)


def _description(found: Json) -> NodeDescription | None:
    """Parse ``Description``, which is empty until a node has joined for the first time."""
    resources, platform, engine = (found.get(key) for key in ("Resources", "Platform", "Engine"))
    if not (resources and platform and engine):
        return None
    plugins = engine.get("Plugins")
    return NodeDescription(
        nano_cpus=resources.get("NanoCPUs", 0),
        memory_bytes=resources.get("MemoryBytes", 0),
        generic=MappingProxyType(generic_resources(resources.get("GenericResources"))),
        os=platform.get("OS", ""),
        architecture=platform.get("Architecture", ""),
        plugins=None if plugins is None else frozenset((each["Type"], each["Name"]) for each in plugins),
        labels=MappingProxyType(engine.get("Labels") or {}),
    )


def tls_info(info: Json | None) -> TlsInfo:
    """Parse ``TLSInfo`` of a node's description or of ``GET /swarm``."""
    found = info or {}
    return TlsInfo(root=found.get("TrustRoot", ""), issuer_key=found.get("CertIssuerPublicKey") or "")
