"""The tasks of services as rows of a table: which run now and why others do not, or with all past tasks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.blocks import FAILED, RUNNING, WAITING, WARNING, Sign
from bot.model import ClusterFacts, NodeFacts, ServiceFacts, TaskFacts
from bot.model.service import is_blocked
from bot.swarm.reading.parse_services import CRASH_WINDOW_S, by_place
from bot.swarm.reading.task_targets import TaskTarget
from bot.swarm.services.service_state import missing_tasks
from bot.swarm.services.spec.masked import masked_text
from bot.text.durations import age
from bot.text.mrkdwn import cut_short, safe_name

MAX_ERROR_CHARS: Final = 110
URGENCY: Final[Mapping[Sign, int]] = {FAILED: 0, WARNING: 1, WAITING: 2, RUNNING: 3}
ID_CHARS: Final = 12
ENDED_EARLY: Final = "ended by itself with exit code 0"
"""The text for a task that completed although its service is no job."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task, and how the last one before it in the same place failed."""

    sign: Sign
    name: str
    """``web.1``; for a global service only its name."""
    service: str
    """The name of its service, or its id if the service was removed."""
    node: str
    """The name of its node; "" while it has none."""
    state: str
    since: str
    """How long it has been in its state."""
    error: str
    """Its own error, otherwise that of the last task that failed in its place; plain text."""
    id: str


def task_rows(swarm: ClusterFacts, tasks: Iterable[TaskFacts], now: float, *, past: bool) -> list[TaskRow]:
    """Return a row for each of ``tasks``, what is wrong first; with ``past`` those that have ended too, the last first.

    Without ``past``, a task that ended is there only if its place has no other and its service lacks tasks.
    """
    services = {service.id: service for service in swarm.services}
    nodes = {node.id: node for node in swarm.nodes}
    lacking = {service.id for service in swarm.services if missing_tasks(swarm, service)}
    rows: list[tuple[int, str, int, float, TaskRow]] = []
    for held in by_place(tasks):
        held.sort(key=lambda task: -task.created)
        owner = services.get(held[0].service)
        failed = next((task for task in held if (owner.ended_early(task) if owner else task.failed)), None)
        for task in held if past else _shown(held, lacks_tasks=held[0].service in lacking):
            row = _row(task, services.get(task.service), nodes, failed, now)
            rows.append((URGENCY[row.sign], row.service, task.slot, -task.created, row))
    return [row for *_, row in sorted(rows, key=lambda each: each[:-1])]


def tasks_of(swarm: ClusterFacts, target: TaskTarget) -> list[TaskFacts]:
    """Return the tasks of a service, node or stack."""
    services, nodes = ({each.id for each in found} for found in (target.services, target.nodes))
    return [task for task in swarm.task_list if task.service in services or (task.node and task.node in nodes)]


def task_columns(kind: str, *, ids: bool = False) -> tuple[str, ...]:
    """Return the names of the columns for the tasks of a service, node or stack (``kind``)."""
    node = () if kind == "node" else ("node",)
    return ("task", *node, "state", "since", "last error", *(("id",) if ids else ()))


def task_cells(row: TaskRow, kind: str, *, ids: bool = False) -> tuple[str, ...]:
    """Return the cells of a task for :func:`task_columns`, in plain text."""
    node = () if kind == "node" else (row.node,)
    return (f"{row.sign} {row.name}", *node, row.state, row.since, row.error, *((row.id,) if ids else ()))


def exit_text(task: TaskFacts) -> str:
    """Return a task's error with its exit code, in plain text: "exit 137: task: non-zero exit (137)"."""
    error = masked_text(task.error)
    code = f"exit {task.exit_code}" if task.exit_code and f"({task.exit_code})" not in error else ""
    return ": ".join(filter(None, (code, error)))


def task_sign(task: TaskFacts) -> Sign:
    """Return ✗ for a task that failed, ! for one that cannot be placed or must stop, ▸ if it runs, otherwise ·."""
    if task.failed or task.state == "orphaned":
        return FAILED
    if task.ended:
        return WAITING
    if not task.wanted or task.error:
        return WARNING
    return RUNNING if task.state == "running" else WAITING


def _shown(held: Sequence[TaskFacts], *, lacks_tasks: bool) -> list[TaskFacts]:
    """Return the tasks of a place, the newest first, without those that are past."""
    current = [task for task in held if not task.ended]
    if current or not lacks_tasks:
        return current
    return [task for task in held[:1] if task.failed]


def _row(
    task: TaskFacts, service: ServiceFacts | None, nodes: Mapping[str, NodeFacts], failed: TaskFacts | None, now: float
) -> TaskRow:
    node, owner = nodes.get(task.node), service.name if service else task.service
    is_lost = node is not None and node.state == "down" and not task.ended
    state = task.state if task.wanted or task.ended else f"{task.state}, told to stop"
    state = f"unknown, was {task.state}" if is_lost else state
    error = "waits until the paused rollout goes on" if is_blocked(task.spec) and not task.ended else exit_text(task)
    if service and task.state == "complete" and service.ended_early(task):
        error = error or ENDED_EARLY
    if failed is not None and not error and not task.ended:
        passed_s = now - failed.since
        if task.state != "running" or passed_s < CRASH_WINDOW_S:
            text = ENDED_EARLY if failed.state == "complete" else failed.state
            error = f"{age(passed_s)} ago: {exit_text(failed) or text}"
    return TaskRow(
        sign=WARNING if is_lost else task_sign(task),
        name=task.name_in(owner),
        service=owner,
        node=f"{node.name}{' (down)' * is_lost}" if node else safe_name(task.node),
        state=state,
        since=age(now - task.since) if task.since else "",
        error=cut_short(error, MAX_ERROR_CHARS),
        id=task.id[:ID_CHARS],
    )
