"""Parse the JSON of the Engine API (version 1.41) into facts. Pure, except for the tasks of services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from bot.model import Engine, HostFacts, Json, NodeFacts, ServiceFacts, TaskFacts, TlsInfo
from bot.text.mrkdwn import safe_name

NANOSECONDS = 1_000_000_000
DEFAULT_STOP_GRACE_S = 10.0
"""The grace period of a service whose spec has none."""


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
        swarm_error=swarm.get("Error", ""),
        swarm_id=(swarm.get("Cluster") or {}).get("ID", ""),
        node_id=swarm.get("NodeID", ""),
        node_address=swarm.get("NodeAddr", ""),
        is_manager=bool(swarm.get("ControlAvailable")),
        managers=tuple(peer["Addr"] for peer in swarm.get("RemoteManagers") or ()),
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
    )


def tls_info(info: Json | None) -> TlsInfo:
    """Parse ``TLSInfo`` of a node's description or of ``GET /swarm``."""
    found = info or {}
    return TlsInfo(root=found.get("TrustRoot", ""), issuer_key=found.get("CertIssuerPublicKey") or "")


def services(engine: Engine) -> tuple[ServiceFacts, ...]:
    """Read ``GET /services?status=true``; for services that lack replicas, also why."""
    return tuple(sorted((_service(engine, found) for found in engine.services()), key=lambda service: service.name))


def _service(engine: Engine, found: Json) -> ServiceFacts:
    status = found.get("ServiceStatus") or {}
    running, desired = status.get("RunningTasks", 0), status.get("DesiredTasks", 0)
    template = found["Spec"].get("TaskTemplate") or {}
    grace = (template.get("ContainerSpec") or {}).get("StopGracePeriod")
    return ServiceFacts(
        name=safe_name(found["Spec"]["Name"]),
        running=running,
        desired=desired,
        complaint=_complaint(engine, found["ID"]) if running < desired else "",
        id=found["ID"],
        constraints=tuple((template.get("Placement") or {}).get("Constraints") or ()),
        is_global="Global" in (found["Spec"].get("Mode") or {}),
        stop_grace=DEFAULT_STOP_GRACE_S if grace is None else grace / NANOSECONDS,
    )


def _complaint(engine: Engine, service_id: str) -> str:
    """Return why tasks of a service do not run: an error now, else their states and how the last task failed there."""
    tasks = engine.tasks({"service": [service_id]})
    wanted = [task for task in tasks if task["DesiredState"] in {"running", "ready"}]
    waiting = [task for task in wanted if task["Status"]["State"] != "running"]
    if errors := [task["Status"]["Err"] for task in waiting if task["Status"].get("Err")]:
        return str(errors[0])
    places = {_place(task) for task in waiting}
    ended = [task for task in tasks if task["Status"]["State"] in {"failed", "rejected"}]
    failed = [task["Status"] for task in ended if not places or _place(task) in places]
    told = [f"{len(waiting)} {waiting[0]['Status']['State']}"] if waiting else []
    if failed:
        last = max(failed, key=lambda status: datetime.fromisoformat(status["Timestamp"]))
        told.append(f"the last task {last['State']}: {last.get('Err') or 'no reason given'}")
    return ", ".join(told)


def _place(task: Json) -> object:
    """Return what a task and those that it replaced have in common: the slot; for a global service, the node."""
    return task.get("Slot") or task.get("NodeID")


def running_tasks(tasks: Sequence[Json]) -> Mapping[str, int]:
    """Parse ``GET /tasks`` into the number of running tasks by node id."""
    return MappingProxyType(Counter(task["NodeID"] for task in tasks if task["Status"]["State"] == "running"))


def task_list(tasks: Sequence[Json]) -> tuple[TaskFacts, ...]:
    """Parse ``GET /tasks`` without a filter; tasks without a service (network attachments) are ignored."""
    return tuple(
        TaskFacts(
            service=task["ServiceID"],
            node=task.get("NodeID", ""),
            state=task["Status"]["State"],
            wanted=task["DesiredState"] in {"running", "ready"},
            error=task["Status"].get("Err", ""),
            slot=task.get("Slot", 0),
            since=datetime.fromisoformat(task["Status"]["Timestamp"]).timestamp(),
        )
        for task in tasks
        if task.get("ServiceID")
    )
