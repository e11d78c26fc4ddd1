"""`/swarm ps SERVICE|NODE|STACK`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.blocks import FAILED, Block, Message, context, echo, long_table, paragraphs, plain_line, tick
from bot.commands import Flag, Word, question, text
from bot.errors import NotUnderstood
from bot.model import ClusterFacts, Facts, FactsQuery
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.reading.task_targets import TaskTarget, find_target
from bot.swarm.services.service_rows import headline, service_title, why_step
from bot.swarm.services.service_state import service_sign
from bot.swarm.services.stacks import stack_names
from bot.swarm.services.task_rows import TaskRow, task_cells, task_columns, task_rows, tasks_of
from bot.text.suggest import did_you_mean, number_of


@dataclass(frozen=True, slots=True)
class TasksArguments:
    """The arguments of ``ps``."""

    target: Annotated[str, Word(text("SERVICE|NODE|STACK"), "a service, node or stack; of the first two also an id")]
    all: Annotated[bool, Flag(None, "list past tasks too")] = False


def _tasks_query(arguments: TasksArguments) -> FactsQuery:
    return FactsQuery(services=True, tasks_of=arguments.target)


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
    tasks = tasks_of(swarm, target)
    rows = task_rows(swarm, tasks, facts.at, past=arguments.all)
    head = _target_title(facts, swarm, target, arguments.target, len(rows))
    wrong = [each for each in target.services if service_sign(swarm, each) == FAILED]
    following = [why_step(wrong[0])] if wrong else []
    blocks: list[Block] = [*paragraphs([head, *_twin(swarm, target, arguments.target), *following])]
    if rows:
        cells = [task_cells(row, target.kind, ids=arguments.all) for row in rows]
        blocks += long_table(
            task_columns(target.kind, ids=arguments.all), cells, _narrower(rows, target.kind, arguments.target)
        )
    if hidden := len(tasks) - len(rows):
        every = tick(f"/swarm ps {arguments.target} --all")
        blocks.append(context(f"{number_of(hidden, 'past task')}: {every} lists all"))
    return Message(head.replace("*", ""), tuple(blocks))


def _target_title(facts: Facts, swarm: ClusterFacts, target: TaskTarget, typed: str, count: int) -> str:
    if target.kind == "service" and len(target.services) == 1:
        return service_title(swarm, target.services[0])
    if target.kind == "node":
        node = target.nodes[0]
        return f"*{plain_line(node.name)}* · {node.state} · {node.availability} · {number_of(count, 'task')}"
    where = f"stack {plain_line(typed)} in {facts.name}" if target.kind == "stack" else facts.name
    sign, title = headline(swarm, target.services, where)
    return f"{sign} {title} · {number_of(count, 'task')}"


def _twin(swarm: ClusterFacts, target: TaskTarget, typed: str) -> list[str]:
    """Return what else has the name, and how to name it; [] if nothing else has it."""
    nodes = [node for node in swarm.nodes if target.kind == "service" and typed in {node.name, node.hostname}]
    found = [f"This is the service. A node has this name too: {tick(f'/swarm ps {node.id}')}" for node in nodes]
    if target.kind != "stack" and typed in stack_names(swarm):
        found.append(f"A stack is called {tick(typed)} too: {tick(f'/swarm stack {typed}')}")
    return found


def _narrower(rows: Sequence[TaskRow], kind: str, typed: str) -> str:
    """Return how to see the tasks that a long list omits: by node, or by the service of the last one."""
    if kind == "service":
        node = next((row.node for row in reversed(rows) if row.node and not row.node.endswith(")")), "")
        return f"By node: {tick(f'/swarm ps {node}')}." if node else ""
    services = f"; {tick(f'/swarm services {typed}')} lists the services" if kind == "stack" else ""
    return f"By service: {tick(f'/swarm ps {rows[-1].service}')}{services}."


def _unknown_target(facts: Facts, swarm: ClusterFacts, typed: str) -> NotUnderstood:
    names = [*(service.name for service in swarm.services), *(node.name for node in swarm.nodes), *stack_names(swarm)]
    return NotUnderstood(
        f"{facts.name} has no service, node or stack {echo(typed)}.{did_you_mean(typed, names)}",
        next_step="`/swarm services`, `/swarm nodes` and `/swarm stacks` list them.",
    )
