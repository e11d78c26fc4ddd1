"""Read at the engines of their nodes what the managers do not know of tasks: log lines, use of CPU and memory.

A service's log that the managers collect loses lines and hangs as soon as a node is silent
(docs/swarm-behaviour.md#logs). So each task is read at its own node, all side by side: a node that does not respond
costs only the data of its own tasks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from types import MappingProxyType
from typing import Final

from bot.blocks import tick
from bot.errors import EngineError, HostUnreachable
from bot.model import ClusterFacts, Engine, Engines, FactsQuery, LogQuery, ServiceFacts, TaskFacts, TaskReading

LOG_TIMEOUT_S: Final = 3.0
"""Log lines that were not read by then are called unread. With the read of the cluster, an answer takes under 5 s."""
USAGE_TIMEOUT_S: Final = 6.0
"""CPU and memory use that was not read by then is called unread. An engine measures it for one to two seconds."""
MAX_TASKS: Final = 60
"""The most tasks whose containers are read, the latest first."""
MAX_FAILED_TASKS: Final = 3
"""The most failed tasks whose containers are read, each of another slot."""
GONE: Final = 404

Read = Callable[[Engine, TaskFacts], TaskReading]


def read_tasks(engines: Engines, swarm: ClusterFacts, query: FactsQuery) -> Mapping[str, TaskReading]:
    """Return what ``query`` asks of tasks, by task id. A failure is a reading too.

    Each task has a thread of its own: those that wait for a silent node delay neither other tasks nor other reads.
    """
    wanted = _wanted(swarm, query)
    if not wanted:
        return MappingProxyType({})
    pool = ThreadPoolExecutor(len(wanted), thread_name_prefix="tasks")
    timeout_s = USAGE_TIMEOUT_S if query.task_usage else LOG_TIMEOUT_S
    names = {node.id: (node.name, node.host) for node in swarm.nodes}
    found: dict[str, TaskReading] = {}
    reading = {}
    for task, read in wanted:
        name, host = names.get(task.node, (task.node, ""))
        if not host:
            found[task.id] = TaskReading(failure=f"{tick(name)} is not in swarmbot.yml, so it is not read.")
        elif silence := engines[host].recent_silence():
            found[task.id] = TaskReading(failure=silence.happened)
        else:
            reading[pool.submit(_guarded, read, engines[host], task)] = task.id, name
    done, late = wait(reading, timeout=timeout_s)
    pool.shutdown(wait=False)
    for future in done:
        found[reading[future][0]] = future.result()
    for future in late:
        task_id, name = reading[future]
        found[task_id] = TaskReading(failure=f"{tick(name)} did not respond within {timeout_s:.0f} s.")
    return MappingProxyType(found)


def _guarded(read: Read, engine: Engine, task: TaskFacts) -> TaskReading:
    try:
        return read(engine, task)
    except EngineError as error:
        if error.status == GONE:
            return TaskReading(failure=f"Its container on {tick(engine.host)} was removed.")
        return TaskReading(failure=error.happened)
    except HostUnreachable as error:
        return TaskReading(failure=error.happened)


def _wanted(swarm: ClusterFacts, query: FactsQuery) -> list[tuple[TaskFacts, Read]]:
    """Return the tasks to read, and how."""
    found: list[tuple[TaskFacts, Read]] = []
    if query.task_logs is not None:
        reader = _log_reader(query.task_logs)
        found += [(task, reader) for task in tasks_to_log(swarm, query.task_logs)]
    if query.task_usage:
        running = (task for task in tasks_named(swarm, query.task_usage) if task.state == "running")
        found += [(task, _read_usage) for task in with_container(running)[:MAX_TASKS]]
    return found


def with_container(tasks: Iterable[TaskFacts]) -> list[TaskFacts]:
    """Return the tasks that have had a container: first those that their nodes work on, then the latest."""
    return sorted((task for task in tasks if task.container), key=lambda task: (not task.alive, -task.since))


def tasks_to_log(swarm: ClusterFacts, query: LogQuery) -> list[TaskFacts]:
    """Return the tasks whose log the query asks for: those with a container, the latest first."""
    named = tasks_named(swarm, query.name)
    if not query.failed:
        return with_container(named)[:MAX_TASKS]
    latest: dict[str, TaskFacts] = {}
    for task in sorted(named, key=lambda task: task.since):
        service = swarm.service(task.service)
        if service is not None and service.ended_early(task):
            latest[task.place] = task
    return with_container(latest.values())[:MAX_FAILED_TASKS]


def tasks_named(swarm: ClusterFacts, name: str) -> list[TaskFacts]:
    """Return the tasks of the one service that ``name`` means; otherwise the task ``web.2``, or the one with this id.

    Empty if it means nothing, or several services.
    """
    services = swarm.named(name)
    if len(services) == 1:
        return swarm.tasks_of(services[0].id)
    if services:
        return []
    of_slot = [task for task in swarm.task_list if _is_slot(swarm.service(task.service), task, name)]
    return of_slot or [task for task in swarm.task_list if task.id.startswith(name)]


def _is_slot(service: ServiceFacts | None, task: TaskFacts, name: str) -> bool:
    return service is not None and task.slot > 0 and name == task.name_in(service.name)


def _log_reader(query: LogQuery) -> Read:
    since = time.time() - query.age_s if query.age_s else 0.0

    def read(engine: Engine, task: TaskFacts) -> TaskReading:
        tty = bool((task.spec.get("ContainerSpec") or {}).get("TTY"))
        log = engine.container_log(task.container, lines=query.lines, since=since, tty=tty)
        return TaskReading(log, out_of_memory=engine.out_of_memory(task.container) if query.failed else None)

    return read


def _read_usage(engine: Engine, task: TaskFacts) -> TaskReading:
    return TaskReading(usage=engine.container_usage(task.container))
