"""Parse the Engine API's JSON (version 1.41) of services and tasks into facts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from bot.model import CrashLoop, CurrentTask, Json, NodeFacts, Port, ServiceFacts, TaskFacts, UpdateStatus
from bot.model.service import ENDED, is_blocked
from bot.text.engine_text import without_grpc
from bot.text.mrkdwn import safe_name

CRASH_WINDOW_S: Final = 600.0
"""Failures since then count, even if a successor runs: a task may start and die again and again."""
MIN_FAILURES: Final = 3
"""This many of them in one slot are a crash loop."""
REPLACED_S: Final = 5.0
"""A successor that was created this long before a task failed was not created because of the failure: clocks differ
less."""
STEADY_S: Final = 120.0
"""A task that has run for this long ends the loop."""
WANTED: Final = frozenset({"running", "ready", "complete"})
"""The desired states of a task that should run; "complete" is for a job."""


def services(records: Iterable[Json]) -> tuple[ServiceFacts, ...]:
    """Parse ``GET /services?status=true``, sorted by name."""
    return tuple(sorted(map(_service, records), key=lambda service: service.name))


def without_lost_tasks(
    services: Sequence[ServiceFacts], down: Collection[str], tasks: Sequence[TaskFacts]
) -> tuple[ServiceFacts, ...]:
    """Return the services without the tasks that ran on nodes in ``down`` (ids) when these were last heard of."""
    lost = Counter(task.service for task in tasks if task.node in down and task.state == "running")
    return tuple(replace(each, running=max(0, each.running - lost[each.id])) for each in services)


def may_lack_tasks(services: Sequence[ServiceFacts], nodes: Sequence[NodeFacts]) -> list[str]:
    """Return the ids of services that may lack tasks.

    The managers do not count the missing tasks of a global service. So every global service without a task on some
    active node is included, after the others.
    """
    active = sum(node.accepts_tasks for node in nodes)
    short = [each.id for each in services if each.running < each.desired]
    fewer = [each.id for each in services if each.is_global and each.running + each.completed < active]
    return [*dict.fromkeys([*short, *fewer])]


def with_complaints(
    services: Sequence[ServiceFacts], short: Collection[str], tasks: Sequence[TaskFacts]
) -> tuple[ServiceFacts, ...]:
    """Return the services, those in ``short`` (ids) with why tasks do not run, if ``tasks`` has their tasks."""
    own: dict[str, list[TaskFacts]] = {service: [] for service in short}
    for task in tasks:
        if task.service in own:
            own[task.service].append(task)
    return tuple(replace(each, complaint=_complaint(own[each.id])) if each.id in own else each for each in services)


def restarted(tasks: Iterable[CurrentTask], now: float) -> list[str]:
    """Return the ids of services with a new task, the one with the newest task first. ``now``: unix seconds."""
    since = datetime.fromtimestamp(now - CRASH_WINDOW_S, UTC).isoformat()
    new = sorted(
        ((each.created, each.service) for each in tasks if each.service and each.created > since), reverse=True
    )
    return [*dict.fromkeys(service for _, service in new)]


def with_crash_loops(
    services: Sequence[ServiceFacts], tasks: Iterable[TaskFacts], now: float
) -> tuple[ServiceFacts, ...]:
    """Return the services with the tasks that fail again and again, according to ``tasks``.

    ``now`` is in unix seconds.
    """
    loops: dict[str, CrashLoop] = {}
    for own in by_place(tasks):
        loop = _crash_loop(own, now)
        if loop and (loop.last.service not in loops or loop.last.since > loops[loop.last.service].last.since):
            loops[loop.last.service] = loop
    return tuple(replace(each, crash_loop=loops[each.id]) if each.id in loops else each for each in services)


def by_place(tasks: Iterable[TaskFacts]) -> list[list[TaskFacts]]:
    """Return the tasks by place: those that replaced each other."""
    places: dict[str, list[TaskFacts]] = {}
    for task in tasks:
        places.setdefault(task.place, []).append(task)
    return [*places.values()]


def was_replaced(task: TaskFacts, tasks: Iterable[TaskFacts]) -> bool:
    """Return whether a task had a successor before it ended: ``tasks`` are those of its place.

    The managers had ordered it to stop: its node was down, and reports its end when it is back. That is no crash.
    """
    return any(task.created < other.created < task.since - REPLACED_S for other in tasks)


def _crash_loop(tasks: Sequence[TaskFacts], now: float) -> CrashLoop | None:
    """Return whether tasks of one place fail again and again, and none has run for long since.

    Only tasks with the spec of the newest one count: those of an older spec say nothing of the present one. Tasks that
    were ordered to stop do not count either.
    """
    present = max(tasks, key=lambda task: task.created).spec
    failed = [task for task in tasks if task.failed and now - task.since < CRASH_WINDOW_S and task.spec == present]
    failed = [task for task in failed if not was_replaced(task, tasks)]
    if len(failed) < MIN_FAILURES or any(task.state == "running" and now - task.since >= STEADY_S for task in tasks):
        return None
    return CrashLoop(len(failed), max(failed, key=lambda task: task.since))


def _service(record: Json) -> ServiceFacts:
    status = record.get("ServiceStatus") or {}
    return ServiceFacts(
        name=safe_name(record["Spec"]["Name"]),
        running=status.get("RunningTasks", 0),
        desired=status.get("DesiredTasks", 0),
        id=record["ID"],
        version=record["Version"]["Index"],
        spec=MappingProxyType(record["Spec"]),
        previous_spec=MappingProxyType(previous) if (previous := record.get("PreviousSpec")) else None,
        update=_update(record.get("UpdateStatus") or {}),
        created=seconds(record.get("CreatedAt")),
        updated=seconds(record.get("UpdatedAt")),
        ports=ports(record),
        completed=status.get("CompletedTasks", 0),
    )


def ports(record: Json) -> tuple[Port, ...]:
    """Parse the published ports: as assigned, or as the spec asks for them."""
    spec_ports = (record["Spec"].get("EndpointSpec") or {}).get("Ports")
    return tuple(
        Port(
            published=each.get("PublishedPort", 0),
            target=each.get("TargetPort", 0),
            protocol=each.get("Protocol") or "tcp",
            on_host=each.get("PublishMode") == "host",
        )
        for each in (record.get("Endpoint") or {}).get("Ports") or spec_ports or ()
    )


def _update(status: Json) -> UpdateStatus | None:
    """Parse ``UpdateStatus``. An engine sends it without a state if no update was made."""
    if not status.get("State"):
        return None
    started, completed = seconds(status.get("StartedAt")), seconds(status.get("CompletedAt"))
    return UpdateStatus(status["State"], status.get("Message", ""), started, completed)


def seconds(time: str | None) -> float:
    """Return the unix seconds of a time in an engine's JSON; 0 if it is absent or Go's zero time."""
    if not time or time.startswith("0001-"):
        return 0.0
    return datetime.fromisoformat(time).timestamp()


def _complaint(tasks: Sequence[TaskFacts]) -> str:
    """Return why tasks of a service do not run: an error now, or their states and how the last task failed there."""
    waiting = [task for task in tasks if task.wanted and not task.ended and task.state != "running"]
    if errors := [task.error for task in waiting if task.error and not is_blocked(task.spec)]:
        return errors[0]
    if any(is_blocked(task.spec) for task in waiting):
        return "Swarmbot has paused its rollout"
    places = {task.place for task in waiting}
    failed = [task for task in tasks if task.failed and (not places or task.place in places)]
    reasons = [f"{len(waiting)} {waiting[0].state}"] if waiting else []
    if failed:
        last = max(failed, key=lambda task: task.since)
        ended = "was rejected" if last.state == "rejected" else last.state
        reasons.append(f"the last task {ended}: {last.error or 'no reason given'}")
    return ", ".join(reasons)


def running_tasks(tasks: Iterable[CurrentTask]) -> Mapping[str, int]:
    """Return the number of running tasks by node id."""
    return MappingProxyType(Counter(task.node for task in tasks if task.state == "running"))


def task_list(tasks: Iterable[Json]) -> tuple[TaskFacts, ...]:
    """Parse ``GET /tasks`` without a filter; tasks without a service (network attachments) are ignored."""
    return tuple(
        TaskFacts(
            service=task["ServiceID"],
            node=task.get("NodeID", ""),
            state=task["Status"]["State"],
            wanted=task["DesiredState"] in WANTED,
            error=without_grpc(task["Status"].get("Err") or ""),
            slot=task.get("Slot", 0),
            since=seconds(task["Status"]["Timestamp"]),
            id=task["ID"],
            message=task["Status"].get("Message", ""),
            exit_code=_exit_code(task["Status"]),
            container=(task["Status"].get("ContainerStatus") or {}).get("ContainerID", ""),
            created=seconds(task["CreatedAt"]),
            spec=MappingProxyType(task["Spec"]),
            host_ports=host_ports((task["Status"].get("PortStatus") or {}).get("Ports")),
            network_drivers=_network_drivers(task),
        )
        for task in tasks
        if task.get("ServiceID")
    )


def host_ports(ports: Iterable[Json] | None) -> frozenset[tuple[int, str]]:
    """Return those of the published ports of a spec, or of a task's status, that are ports of the node itself."""
    published = (port for port in ports or () if port.get("PublishMode") == "host" and port.get("PublishedPort"))
    return frozenset((port["PublishedPort"], port.get("Protocol") or "tcp") for port in published)


def _network_drivers(task: Json) -> tuple[str, ...]:
    """Return the drivers of a task's networks, each once."""
    states = ((each.get("Network") or {}).get("DriverState") or {} for each in task.get("NetworksAttachments") or ())
    return tuple(dict.fromkeys(state["Name"] for state in states if state.get("Name")))


def _exit_code(status: Json) -> int | None:
    """Return the exit code of a task that has ended: while it runs, an engine sends 0."""
    container = status.get("ContainerStatus") or {}
    return container.get("ExitCode") if container.get("ContainerID") and status["State"] in ENDED else None
