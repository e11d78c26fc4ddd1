"""`/swarm services [STACK]`, `/swarm service NAME`, `/swarm ps NAME`, `/swarm stacks`, `/swarm stack NAME`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from bot.blocks import (
    DONE,
    FAILED,
    Block,
    Message,
    context,
    echo,
    long_table,
    paragraphs,
    plain_line,
    section,
    text_message,
    tick,
    when,
)
from bot.commands import SERVICE, Flag, Word, question, text
from bot.errors import NotUnderstood
from bot.model import ClusterFacts, Facts, FactsQuery, ServiceFacts, TaskFacts
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.reading.task_targets import TaskTarget, find_target
from bot.swarm.services.service_lookup import find_service
from bot.swarm.services.service_rows import (
    COLUMNS,
    headline,
    service_rows,
    sorted_services,
    trouble_lines,
)
from bot.swarm.services.service_state import count_text, missing_tasks, service_sign, update_text
from bot.swarm.services.spec_words import mode_text, spec_lines
from bot.swarm.services.stacks import listed_names, require_stack, services_of, stack_names
from bot.swarm.services.task_rows import TaskRow, task_rows
from bot.text.suggest import nearest, number_of, part_of

MAX_TASKS: Final = 20
"""The number of tasks that the answer about one service lists."""
MAX_NAMES: Final = 30
MAX_STACKS: Final = 8
"""The number of stacks that a note below a long list names, the largest first."""


@dataclass(frozen=True, slots=True)
class ServicesArguments:
    """The arguments of ``services``."""

    stack: Annotated[str, Word(text("STACK"), "a stack; without it, all services")] = ""


@dataclass(frozen=True, slots=True)
class ServiceArguments:
    """The arguments of ``service``."""

    service: Annotated[str, Word(SERVICE, "a service's name, or the start of its id")]


@dataclass(frozen=True, slots=True)
class TasksArguments:
    """The arguments of ``ps``."""

    target: Annotated[str, Word(text("SERVICE|NODE|STACK"), "a service, node or stack; of the first two also an id")]
    all: Annotated[bool, Flag(None, "list past tasks too")] = False


@dataclass(frozen=True, slots=True)
class NoArguments:
    """``stacks`` takes no arguments."""


@dataclass(frozen=True, slots=True)
class StackArguments:
    """The arguments of ``stack``."""

    stack: Annotated[str, Word(text("STACK"), "a stack's name")]


def _services_query(_: ServicesArguments) -> FactsQuery:
    return FactsQuery(services=True)


def _stacks_query(_: NoArguments) -> FactsQuery:
    return FactsQuery(services=True)


def _service_query(arguments: ServiceArguments) -> FactsQuery:
    return FactsQuery(services=True, tasks_of=arguments.service, objects=("networks",))


def _tasks_query(arguments: TasksArguments) -> FactsQuery:
    return FactsQuery(services=True, tasks_of=arguments.target)


def _stack_query(_: StackArguments) -> FactsQuery:
    return FactsQuery(services=True, objects=("networks", "secrets", "configs"))


@question(
    "services",
    group="Services",
    help="List the services, or those of a stack: how many tasks run and how the last update ended",
    example="services",
    permission="view",
    risk="none",
    approval=0,
    query=_services_query,
)
def services(facts: Facts, arguments: ServicesArguments) -> Message:
    """Return a row for each service, what is wrong first."""
    swarm = require_cluster(facts)
    if arguments.stack:
        require_stack(facts, arguments.stack)
        where = f"stack {plain_line(arguments.stack)} in {facts.name}"
        return _service_list(facts, services_of(swarm, arguments.stack), where)
    if not swarm.services:
        return text_message(f"{DONE} *{facts.name} has no services*")
    return _service_list(facts, swarm.services, facts.name)


@question(
    "service",
    group="Services",
    help="Show one service in full: its spec in words, its last update, its tasks",
    example="service web",
    permission="view",
    risk="none",
    approval=0,
    query=_service_query,
)
def service(facts: Facts, arguments: ServiceArguments) -> Message:
    """Return everything that is known about a service, without secrets."""
    swarm, found = require_cluster(facts), find_service(facts, arguments.service)
    title = _service_title(swarm, found)
    lines = [title, *_trouble(found, swarm), *spec_lines(swarm, found), _last_update(swarm, found, facts.at)]
    tasks = task_rows(swarm, _tasks_of(swarm, TaskTarget("service", (found,))), facts.at, past=False)
    rest = f"`/swarm ps {found.name}` lists the tasks."
    below: list[Block] = [section(f"*Tasks* {len(tasks) or 'none'}")]
    if tasks:
        below += long_table(_columns("service"), [_cells(row, "service") for row in tasks], rest, most=MAX_TASKS)
    made = f"Id {tick(found.id)} · created {when(found.created)} · changed {when(found.updated)}"
    return Message(title.replace("*", ""), (*paragraphs(lines), *below, context(made)))


@question(
    "ps",
    group="Services",
    help="List the tasks of a service, node or stack: where they run, and why others do not",
    example="ps web",
    permission="view",
    risk="none",
    approval=0,
    query=_tasks_query,
)
def ps(facts: Facts, arguments: TasksArguments) -> Message:
    """Return a row for each task, what is wrong first."""
    swarm = require_cluster(facts)
    target = find_target(swarm.services, swarm.nodes, arguments.target)
    if target is None:
        raise _unknown_target(facts, swarm, arguments.target)
    tasks = _tasks_of(swarm, target)
    rows = task_rows(swarm, tasks, facts.at, past=arguments.all)
    head = _target_title(facts, swarm, target, arguments.target, len(rows))
    blocks: list[Block] = [*paragraphs([head, *_twin(swarm, target, arguments.target)])]
    if rows:
        cells = [_cells(row, target.kind, ids=arguments.all) for row in rows]
        blocks += long_table(_columns(target.kind, ids=arguments.all), cells, _narrower(rows, target.kind))
    if hidden := len(tasks) - len(rows):
        every = tick(f"/swarm ps {arguments.target} --all")
        blocks.append(context(f"{number_of(hidden, 'past task')}: {every} lists all"))
    return Message(head.replace("*", ""), tuple(blocks))


@question(
    "stacks",
    group="Services",
    help="List the stacks: how many of their services are fully running",
    example="stacks",
    permission="view",
    risk="none",
    approval=0,
    query=_stacks_query,
)
def stacks(facts: Facts, _: NoArguments) -> Message:
    """Return a row for each stack, what is wrong first."""
    swarm = require_cluster(facts)
    names = stack_names(swarm)
    alone = sum(not service.stack for service in swarm.services)
    note = [context(f"{number_of(alone, 'service')} of no stack: `/swarm services` lists all")] if alone else []
    if not names:
        return Message(f"{facts.name} has no stacks", (section(f"{DONE} *{facts.name} has no stacks*"), *note))
    found = [(name, services_of(swarm, name)) for name in names]
    lacking = {name: [each for each in own if service_sign(swarm, each) == FAILED] for name, own in found}
    rows = [
        (
            f"{FAILED if lacking[name] else DONE} {name}",
            str(len(own)),
            str(sum(not missing_tasks(swarm, each) for each in own)),
            ", ".join(each.name for each in lacking[name]),
        )
        for name, own in sorted(found, key=lambda each: (not lacking[each[0]], each[0]))
    ]
    wrong = sum(bool(each) for each in lacking.values())
    title = f"{part_of(len(names) - wrong, len(names), 'stack')} of {facts.name} fully running"
    sign = FAILED if wrong else DONE
    columns = ("stack", "services", "fully running", "lacking tasks")
    listed = long_table(columns, rows, f"One by one: {tick(f'/swarm stack {names[-1]}')}.")
    return Message(f"{sign} {title}", (section(f"{sign} *{title}*"), *listed, *note))


@question(
    "stack",
    group="Services",
    help="Show one stack: its services, networks, secrets and configs",
    example="stack shop",
    permission="view",
    risk="none",
    approval=0,
    query=_stack_query,
)
def stack(facts: Facts, arguments: StackArguments) -> Message:
    """Return the services of a stack, and the names of what else has its label."""
    swarm, name = require_cluster(facts), arguments.stack
    require_stack(facts, name)
    named = {
        "Networks": [each.name for each in swarm.networks if each.stack == name],
        "Secrets": [each.name for each in swarm.secrets if each.stack == name],
        "Configs": [each.name for each in swarm.configs if each.stack == name],
    }
    lines = [f"*{kind}* {listed_names(names, MAX_NAMES) or 'none'}" for kind, names in named.items()]
    own = services_of(swarm, name)
    if not own:
        title = f"*Stack {plain_line(name)} in {facts.name} has no services*"
        return Message(title.replace("*", ""), tuple(paragraphs([title, *lines])))
    shown = _service_list(facts, own, f"stack {plain_line(name)} in {facts.name}")
    return Message(shown.text, (*shown.blocks, *paragraphs(lines)))


def _service_list(facts: Facts, found: Sequence[ServiceFacts], where: str) -> Message:
    swarm = require_cluster(facts)
    ordered = sorted_services(swarm, found)
    sign, title = headline(swarm, ordered, where)
    trouble = trouble_lines(swarm, ordered)
    following = [f"Next: `/swarm ps {ordered[0].name}` shows each task"] if trouble else []
    largest = Counter(service.stack for service in found if service.stack).most_common(MAX_STACKS)
    stacks = ", ".join(f"{tick(f'/swarm services {name}')} ({count})" for name, count in largest)
    rest = f"By stack: {stacks}." if len(largest) > 1 else f"One by one: `/swarm service {ordered[-1].name}`."
    blocks = [
        *paragraphs([f"{sign} {title}", *trouble, *following]),
        *long_table(COLUMNS, service_rows(swarm, ordered, facts.at), rest),
    ]
    return Message(f"{sign} {title}".replace("*", ""), tuple(blocks))


def _service_title(swarm: ClusterFacts, found: ServiceFacts) -> str:
    parts = [f"{service_sign(swarm, found)} *{found.name}*", mode_text(found), count_text(swarm, found)]
    parts += [f"stack {tick(found.stack)}"] if found.stack else []
    return " · ".join(parts)


def _trouble(found: ServiceFacts, swarm: ClusterFacts) -> list[str]:
    return [f"{FAILED} {plain_line(found.complaint)}"] if missing_tasks(swarm, found) and found.complaint else []


def _last_update(swarm: ClusterFacts, found: ServiceFacts, now: float) -> str:
    told = f"*Last update* {update_text(swarm, found, now)}"
    if found.update is None:
        return f"{told}: it was never updated, or its last update made no task differ"
    return f"{told}: {plain_line(found.update.message)}" if found.update.message else told


def _tasks_of(swarm: ClusterFacts, target: TaskTarget) -> list[TaskFacts]:
    services, nodes = ({each.id for each in found} for found in (target.services, target.nodes))
    return [task for task in swarm.task_list if task.service in services or (task.node and task.node in nodes)]


def _target_title(facts: Facts, swarm: ClusterFacts, target: TaskTarget, typed: str, count: int) -> str:
    if target.kind == "service" and len(target.services) == 1:
        return _service_title(swarm, target.services[0])
    if target.kind == "node":
        node = target.nodes[0]
        return f"*{plain_line(node.name)}* · {node.state} · {node.availability} · {number_of(count, 'task')}"
    where = f"stack {plain_line(typed)} in {facts.name}" if target.kind == "stack" else facts.name
    sign, title = headline(swarm, target.services, where)
    return f"{sign} {title} · {number_of(count, 'task')}"


def _twin(swarm: ClusterFacts, target: TaskTarget, typed: str) -> list[str]:
    """Return that the name is a stack's too, if it means something else here."""
    if target.kind == "stack" or typed not in stack_names(swarm):
        return []
    return [f"A stack is called {tick(typed)} too: {tick(f'/swarm stack {typed}')}"]


def _columns(kind: str, *, ids: bool = False) -> tuple[str, ...]:
    node = () if kind == "node" else ("node",)
    return ("task", *node, "state", "since", "last error", *(("id",) if ids else ()))


def _cells(row: TaskRow, kind: str, *, ids: bool = False) -> tuple[str, ...]:
    node = () if kind == "node" else (row.node,)
    return (f"{row.sign} {row.name}", *node, row.state, row.since, row.error, *((row.id,) if ids else ()))


def _narrower(rows: Sequence[TaskRow], kind: str) -> str:
    """Return how to see the tasks that a long list leaves out: by node, or by service, of the last one."""
    if kind == "service":
        last = next((row.node for row in reversed(rows) if row.node), "")
        return f"By node: {tick(f'/swarm ps {last}')}." if last else ""
    return f"By service: {tick(f'/swarm ps {rows[-1].service}')}."


def _unknown_target(facts: Facts, swarm: ClusterFacts, typed: str) -> NotUnderstood:
    names = [*(service.name for service in swarm.services), *(node.name for node in swarm.nodes), *stack_names(swarm)]
    near = nearest(typed, names)
    closest = f" Did you mean {tick(near)}?" if near else ""
    return NotUnderstood(
        f"{facts.name} has no service, node or stack {echo(typed)}.{closest}",
        next_step="`/swarm services`, `/swarm nodes` and `/swarm stacks` list them.",
    )
