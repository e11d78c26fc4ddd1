"""The tasks of a node, as `docker node ps` lists them. Pure: facts in, lines out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.blocks import FAILED, RUNNING, WAITING, WARNING, plain_line, tick, when
from bot.model import ClusterFacts, NodeFacts, TaskFacts

MAX_TASKS: Final = 20
MAX_ERROR_CHARS: Final = 200
"""An engine's error may contain a whole log."""


def task_lines(swarm: ClusterFacts, node: NodeFacts) -> list[str]:
    """Return a line for each existing task, then for each task that failed, the most recent first.

    Tasks that ended without an error are not listed: the managers keep five of them for each slot.
    """
    names = {service.id: service.name for service in swarm.services}
    here = [task for task in swarm.task_list if task.node == node.id]
    alive = sorted((task for task in here if task.alive), key=lambda task: (_name(task, names), task.slot))
    failed = sorted((task for task in here if not task.alive and task.error), key=lambda task: -task.since)
    lines = [_line(task, names) for task in (*alive, *failed)]
    more = [f"and {len(lines) - MAX_TASKS} more"] if len(lines) > MAX_TASKS else []
    heard = ", as last reported: the node is down" if alive and node.state == "down" else ""
    return [f"*Tasks* {len(alive) or 'none'}{heard}", *lines[:MAX_TASKS], *more]


def _line(task: TaskFacts, names: Mapping[str, str]) -> str:
    stops = ", told to stop" if task.alive and not task.wanted else ""
    error = f": {plain_line(task.error, MAX_ERROR_CHARS)}" if task.error else ""
    moment = f"since {when(task.since)}" if task.alive else when(task.since)
    return f"{_sign(task)} {tick(task.name_in(_name(task, names)))} {task.state} {moment}{stops}{error}"


def _sign(task: TaskFacts) -> str:
    if not task.alive:
        return FAILED
    if not task.wanted:
        return WARNING
    return RUNNING if task.state == "running" else WAITING


def _name(task: TaskFacts, names: Mapping[str, str]) -> str:
    return names.get(task.service, task.service)
