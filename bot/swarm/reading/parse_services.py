"""Parse the Engine API's JSON (version 1.41) of services and tasks into facts. Reads why tasks are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from bot.model import Engine, Json, ServiceFacts, TaskFacts, UpdateStatus
from bot.text.engine_text import without_grpc
from bot.text.mrkdwn import safe_name


def services(engine: Engine) -> tuple[ServiceFacts, ...]:
    """Read ``GET /services?status=true``; for services that lack replicas, also why."""
    return tuple(sorted((_service(engine, found) for found in engine.services()), key=lambda service: service.name))


def _service(engine: Engine, found: Json) -> ServiceFacts:
    status = found.get("ServiceStatus") or {}
    running, desired = status.get("RunningTasks", 0), status.get("DesiredTasks", 0)
    return ServiceFacts(
        name=safe_name(found["Spec"]["Name"]),
        running=running,
        desired=desired,
        complaint=_complaint(engine, found["ID"]) if running < desired else "",
        id=found["ID"],
        version=found["Version"]["Index"],
        spec=MappingProxyType(found["Spec"]),
        previous_spec=MappingProxyType(previous) if (previous := found.get("PreviousSpec")) else None,
        update=_update(found.get("UpdateStatus") or {}),
        created=seconds(found.get("CreatedAt")),
        updated=seconds(found.get("UpdatedAt")),
        completed=status.get("CompletedTasks", 0),
    )


def _update(found: Json) -> UpdateStatus | None:
    """Parse ``UpdateStatus``. An engine sends it without a state if no update was made."""
    if not found.get("State"):
        return None
    started, completed = seconds(found.get("StartedAt")), seconds(found.get("CompletedAt"))
    return UpdateStatus(found["State"], found.get("Message", ""), started, completed)


def seconds(time: str | None) -> float:
    """Return the unix seconds of a time in an engine's JSON; 0 if it is absent or Go's zero time."""
    if not time or time.startswith("0001-"):
        return 0.0
    return datetime.fromisoformat(time).timestamp()


def _complaint(engine: Engine, service_id: str) -> str:
    """Return why tasks of a service do not run: an error now, else their states and how the last task failed there."""
    tasks = engine.tasks({"service": [service_id]})
    wanted = [task for task in tasks if task["DesiredState"] in {"running", "ready"}]
    waiting = [task for task in wanted if task["Status"]["State"] != "running"]
    if errors := [task["Status"]["Err"] for task in waiting if task["Status"].get("Err")]:
        return without_grpc(str(errors[0]))
    places = {_place(task) for task in waiting}
    ended = [task for task in tasks if task["Status"]["State"] in {"failed", "rejected"}]
    failed = [task["Status"] for task in ended if not places or _place(task) in places]
    told = [f"{len(waiting)} {waiting[0]['Status']['State']}"] if waiting else []
    if failed:
        last = max(failed, key=lambda status: datetime.fromisoformat(status["Timestamp"]))
        told.append(f"the last task {last['State']}: {without_grpc(last.get('Err') or 'no reason given')}")
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
            error=without_grpc(task["Status"].get("Err") or ""),
            slot=task.get("Slot", 0),
            since=seconds(task["Status"]["Timestamp"]),
            id=task["ID"],
            message=task["Status"].get("Message", ""),
            exit_code=_exit_code(task["Status"]),
            container=(task["Status"].get("ContainerStatus") or {}).get("ContainerID", ""),
            created=seconds(task["CreatedAt"]),
            spec=MappingProxyType(task["Spec"]),
        )
        for task in tasks
        if task.get("ServiceID")
    )


ENDED = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})


def _exit_code(status: Json) -> int | None:
    """Return the exit code of a task that has ended: while it runs, an engine sends 0."""
    container = status.get("ContainerStatus") or {}
    return container.get("ExitCode") if container.get("ContainerID") and status["State"] in ENDED else None
