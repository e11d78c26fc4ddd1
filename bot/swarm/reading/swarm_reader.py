"""Read a cluster through one of its managers: what the query asks of services, tasks, nodes and objects."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import MappingProxyType

from bot.errors import EngineError, HostUnreachable
from bot.model import ClusterFacts, Engine, Engines, FactsQuery, HostFacts, NodeFacts, ServiceFacts, TaskFacts
from bot.swarm.network.routes import DATA_PORT
from bot.swarm.reading import parse, parse_objects, parse_services
from bot.swarm.reading.manager_choice import readable_managers
from bot.swarm.reading.node_lookup import assign_hosts
from bot.swarm.reading.parse_services import restarted, running_tasks
from bot.swarm.reading.task_targets import query_target

READ_TIMEOUT_S = 15.0
"""The time-out of a whole read. Each engine call has its own time-out (bot.engine)."""
MAX_COMPLAINTS = 50
"""The tasks of at most this many services that may lack tasks are read to find the reason. One request asks for all of
them."""
NOT_FOUND = 404


def read_swarm(
    pool: ThreadPoolExecutor, engines: Engines, hosts: Mapping[str, HostFacts], query: FactsQuery
) -> ClusterFacts | None:
    """Return the cluster as the first manager that can be read shows it; None if none can."""
    for name in readable_managers(hosts, query.cluster_id):
        with suppress(EngineError, HostUnreachable, TimeoutError):
            return _read_through(pool, engines, name, hosts, query)
    return None


def _read_through(
    pool: ThreadPoolExecutor, engines: Engines, name: str, hosts: Mapping[str, HostFacts], query: FactsQuery
) -> ClusterFacts:
    engine = engines[name]
    now = hosts[name].system_time or time.time()
    swarm = pool.submit(engine.swarm)
    services = pool.submit(lambda: parse_services.services(engine.services())) if query.services else None
    counts = pool.submit(lambda: running_tasks(engine.current_tasks())) if query.task_counts else None
    task_list = pool.submit(lambda: parse_services.task_list(engine.tasks({}))) if query.task_list else None
    new_tasks = pool.submit(lambda: restarted(engine.current_tasks(), now)) if query.restarts else None
    objects = {name: pool.submit(getattr(engine, name)) for name in query.objects}
    nodes = pool.submit(lambda: parse.nodes(engine.nodes()))
    timeout_s = min(query.timeout_s, READ_TIMEOUT_S)  # calls hang for some seconds after a quorum was lost
    found = swarm.result(timeout_s)
    listed_nodes = assign_hosts(nodes.result(timeout_s), hosts, engines)
    listed_services = services.result(timeout_s) if services else ()
    listed_tasks = task_list.result(timeout_s) if task_list else ()
    target = query_target(query, listed_services, listed_nodes)

    def tasks_by(filters: dict[str, list[str]]) -> tuple[TaskFacts, ...]:
        """Return these tasks. Tasks that the query lists are not read again, and other tasks need no reasons."""
        if query.task_list or ((query.tasks_of or query.tasks_on) and "service" in filters):
            return listed_tasks
        return pool.submit(_tasks_if_there, engine, filters).result(timeout_s)

    if target:
        listed_tasks = pool.submit(_tasks_if_there, engine, target.filters).result(timeout_s)
    changed: list[str] = []
    if new_tasks:
        with suppress(EngineError, TimeoutError):  # the rest is useful without the crash loops
            changed = new_tasks.result(timeout_s)
    return ClusterFacts(
        id=found["ID"],
        read_from=engine.host,
        version=found["Version"]["Index"],
        spec=found["Spec"],
        nodes=listed_nodes,
        services=parse_services.with_crash_loops(
            *_checked(listed_services, listed_nodes, tasks_by, changed, listed_tasks), now
        ),
        task_counts=counts.result(timeout_s) if counts else MappingProxyType({}),
        task_list=listed_tasks,
        **{name: parse_objects.PARSERS[name](reading.result(timeout_s)) for name, reading in objects.items()},
        data_port=found.get("DataPathPort") or DATA_PORT,
        tls=parse.tls_info(found.get("TLSInfo")),
        rotating=bool(found.get("RootRotationInProgress")),
    )


def _checked(
    services: Sequence[ServiceFacts],
    nodes: Sequence[NodeFacts],
    tasks_by: Callable[[dict[str, list[str]]], tuple[TaskFacts, ...]],
    restarted: Sequence[str],
    tasks: tuple[TaskFacts, ...],
) -> tuple[tuple[ServiceFacts, ...], tuple[TaskFacts, ...]]:
    """Return the services without the tasks of nodes that are down, and with why tasks are missing; and their tasks.

    The managers still count the tasks of a node that is down as running. The tasks of services that ``restarted`` some
    are read with those of services that lack some, unless the query lists ``tasks``.
    """
    if services and (down := [node.id for node in nodes if node.state == "down"]):
        services = parse_services.without_lost_tasks(services, down, tasks_by({"node": down}))
    short = parse_services.may_lack_tasks(services, nodes)[:MAX_COMPLAINTS]
    judged = [*dict.fromkeys([*short, *restarted[:MAX_COMPLAINTS]])]
    tasks = tasks_by({"service": judged}) if judged else tasks
    return parse_services.with_complaints(services, short, tasks), tasks


def _tasks_if_there(engine: Engine, filters: dict[str, list[str]]) -> tuple[TaskFacts, ...]:
    """Return tasks by service or node; none if one of these was removed since it was listed, which is an error."""
    try:
        return parse_services.task_list(engine.tasks(filters))
    except EngineError as error:
        if error.status == NOT_FOUND:
            return ()
        raise
