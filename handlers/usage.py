"""`/swarm stats SERVICE`, `/swarm disk [NODE]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.blocks import DONE, WAITING, WARNING, Message, context, paragraphs, section, table, tick
from bot.commands import NODE, SERVICE, Word, question
from bot.model import ContainerUsage, DiskPart, DiskUsage, Facts, FactsQuery, HostFacts
from bot.swarm.membership.node_orders import find_each
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.reading.task_reader import MAX_TASKS
from bot.swarm.services.diagnosis.log_lines import task_names, unread, unread_lines
from bot.swarm.services.service_lookup import find_service
from bot.text.sizes import about_size
from bot.text.suggest import number_of


@dataclass(frozen=True, slots=True)
class StatsArguments:
    """The arguments of ``stats``."""

    service: Annotated[str, Word(SERVICE, "a service, by name or the start of its id")]


@dataclass(frozen=True, slots=True)
class DiskArguments:
    """The arguments of ``disk``."""

    nodes: Annotated[tuple[str, ...], Word(NODE, "nodes, by name or the start of the id; default: all")] = ()


def _stats_query(arguments: StatsArguments) -> FactsQuery:
    return FactsQuery(services=True, tasks_of=arguments.service, task_usage=arguments.service)


def _disk_query(arguments: DiskArguments) -> FactsQuery:
    return FactsQuery(hosts=arguments.nodes, all_hosts=True, disk=True)


@question(
    "stats",
    group="Services",
    help="Show how much CPU and memory a service's tasks use now",
    example="stats web",
    permission="view",
    risk="none",
    approval=0,
    query=_stats_query,
)
def stats(facts: Facts, arguments: StatsArguments) -> Message:
    """Return a row for each running task, the one with the most memory first, and what could not be read."""
    swarm, service = require_cluster(facts), find_service(facts, arguments.service)
    running = [task for task in swarm.tasks_of(service.id) if task.state == "running"]
    if not running:
        text = f"{WAITING} *No task of {tick(service.name)} is running* · `/swarm why {service.name}` says why."
        return Message(text.replace("*", ""), (section(text),))
    names, nodes = task_names(swarm, running), {node.id: node.name for node in swarm.nodes}
    found = [(task, facts.task_readings[task.id].usage) for task in running if task.id in facts.task_readings]
    read = sorted(((task, usage) for task, usage in found if usage), key=lambda each: -each[1].memory_bytes)
    cpus, memory = sum(usage.cpus for _, usage in read), sum(usage.memory_bytes for _, usage in read)
    sign = DONE if len(read) == len(running) else WARNING
    title = f"{sign} *{tick(service.name)} uses {cpus:.2f} CPU and {about_size(memory)}*"
    rows = [(names[task.id], nodes.get(task.node, task.node), *_usage(usage)) for task, usage in read]
    more = len(running) - len(found)
    lines = [
        f"{title} · {len(read)} of {number_of(len(running), 'running task')} read",
        *unread_lines(names, unread(facts, running)),
        *([f"{WARNING} {more} more were not read: at most {MAX_TASKS} are."] if more else []),
    ]
    shown = [table(("task", "node", "CPU", "memory", "of"), rows)] if rows else []
    return Message(lines[0].replace("*", "").replace("`", ""), (*paragraphs(lines), *shown))


def _usage(usage: ContainerUsage) -> tuple[str, str, str]:
    limit = usage.memory_limit_bytes
    share = f"{100 * usage.memory_bytes / limit:.0f} % of {about_size(limit)}" if limit else "no limit"
    return f"{usage.cpus:.2f}", about_size(usage.memory_bytes), share


@question(
    "disk",
    group="Look",
    help="Show what images, containers, volumes and build cache occupy on nodes, and how much space is left",
    example="disk host-2",
    permission="view",
    risk="none",
    approval=0,
    query=_disk_query,
)
def disk(facts: Facts, arguments: DiskArguments) -> Message:
    """Return a row for each node, the fullest first, and the nodes that could not be read."""
    swarm = require_cluster(facts)
    nodes = find_each(facts, arguments.nodes) if arguments.nodes else [*swarm.nodes]
    read: list[tuple[str, DiskUsage]] = []
    missing: list[str] = []
    for node in nodes:
        host = facts.hosts.get(node.host)
        if host is not None and host.disk is not None:
            read.append((node.name, host.disk))
        else:
            missing.append(f"{WARNING} {_why_unread(node.name, host)}")
    read.sort(key=lambda each: _free_share(each[1]))
    sign = DONE if not missing else WARNING
    reclaimable = sum(part.reclaimable_bytes for _, usage in read for part in (usage.images, usage.build_cache))
    title = f"{sign} *{len(read)} of {number_of(len(nodes), 'node')} of {facts.name} read*"
    line = f"{title} · {about_size(reclaimable)} in unused images and build cache" if read else title
    rows = [(name, _free(usage), *map(_part, _parts(usage))) for name, usage in read]
    columns = ("node", "free", "images", "containers", "volumes", "build cache")
    blocks = [table(columns, rows), context("Of each: its size, and how many of how many are in use.")] if rows else []
    return Message(line.replace("*", ""), (*paragraphs([line, *missing]), *blocks))


def _parts(usage: DiskUsage) -> tuple[DiskPart, ...]:
    return usage.images, usage.containers, usage.volumes, usage.build_cache


def _part(part: DiskPart) -> str:
    return f"{about_size(part.size_bytes)} ({part.in_use}/{part.count})"


def _free_share(usage: DiskUsage) -> float:
    """Return the free share of the disk; 1 if it is not known."""
    return usage.free_bytes / usage.total_bytes if usage.free_bytes is not None and usage.total_bytes else 1.0


def _free(usage: DiskUsage) -> str:
    if usage.free_bytes is None or not usage.total_bytes:
        return "unknown"
    return f"{about_size(usage.free_bytes)} of {about_size(usage.total_bytes)}"


def _why_unread(name: str, host: HostFacts | None) -> str:
    if host is None:
        return f"{tick(name)} was not read: it is not in swarmbot.yml."
    if host.failure:
        return host.failure.happened
    return host.disk_error or f"{tick(name)} was not read."
