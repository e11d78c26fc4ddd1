"""`/swarm services [STACK]`, `/swarm service NAME`, `/swarm stacks`, `/swarm stack NAME`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from bot.blocks import (
    DONE,
    FAILED,
    WARNING,
    Block,
    Message,
    Sign,
    context,
    long_table,
    paragraphs,
    plain_line,
    section,
    text_message,
    tick,
    when,
)
from bot.commands import SERVICE, Flag, NoArguments, Permission, Word, number, question, text
from bot.commands.shared_flags import MAX_COUNT
from bot.model import LAST_REVISION, ClusterFacts, Facts, FactsQuery, ServiceFacts, StackQuery
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.reading.task_targets import TaskTarget
from bot.swarm.services.rollout.paused_rollout import PAUSE_COSTS, is_paused, pause_steps, without_pause
from bot.swarm.services.rollout.rollout import new_text
from bot.swarm.services.service_lookup import find_service
from bot.swarm.services.service_rows import (
    COLUMNS,
    headline,
    service_rows,
    service_title,
    sorted_services,
    trouble_lines,
    why_step,
)
from bot.swarm.services.service_state import URGENCY, crash_loop_line, missing_tasks, service_sign, update_text
from bot.swarm.services.spec.masked import masked_text
from bot.swarm.services.spec.spec_words import spec_lines
from bot.swarm.services.stacks import deploy_step, require_stack, services_of, stack_names, undeployed_lines
from bot.swarm.services.task_rows import task_cells, task_columns, task_rows, tasks_of
from bot.swarm.stacks.drift import revision_lines, stack_diff
from bot.text.suggest import first_of, number_of, part_of

MAX_TASKS: Final = 20
"""The number of tasks that the answer about one service lists."""
MAX_NAMES: Final = 30
MAX_STACKS: Final = 8
"""The number of stacks that a note below a long list names, the largest first."""
COMPLETED_MESSAGES: Final = frozenset({"update completed", "rollback completed"})
"""What Docker says of an update that has ended: its state says the same."""


@dataclass(frozen=True, slots=True)
class ServicesArguments:
    """The arguments of ``services``."""

    stack: Annotated[str, Word(text("STACK"), "a stack; without it, all services")] = ""


@dataclass(frozen=True, slots=True)
class ServiceArguments:
    """The arguments of ``service``."""

    service: Annotated[str, Word(SERVICE, "a service's name, or the start of its id")]


@dataclass(frozen=True, slots=True)
class StackArguments:
    """The arguments of ``stack``."""

    stack: Annotated[str, Word(text("STACK"), "a stack's name")]
    diff: Annotated[bool, Flag(None, "compare the cluster with the last revision, or else the compose file")] = False
    revision: Annotated[
        int | None,
        Flag(number("N", 0, MAX_COUNT), "with `--diff`: another one; 0 is the compose file as it is now"),
    ] = None


def _list_query(_: Any) -> FactsQuery:
    return FactsQuery(services=True, restarts=True, listed_stacks=True)


def _service_query(arguments: ServiceArguments) -> FactsQuery:
    return FactsQuery(services=True, tasks_of=arguments.service, good_spec_of=arguments.service, objects=("networks",))


def _stack_query(arguments: StackArguments) -> FactsQuery:
    if _compares(arguments):
        revision = LAST_REVISION if arguments.revision is None else arguments.revision
        recorded = StackQuery(arguments.stack, resolve="changed", revision=revision, thorough=True)
        return FactsQuery(services=True, task_list=True, stack=recorded)
    return FactsQuery(
        services=True,
        restarts=True,
        objects=("networks", "secrets", "configs"),
        revisions_of=arguments.stack,
        listed_stacks=True,
    )


def _compares(arguments: StackArguments) -> bool:
    return arguments.diff or arguments.revision is not None


@question(
    "services",
    group="Services",
    help="List the services, or those of a stack: how many tasks run and how the last update ended",
    example="services",
    permission="view",
    risk="none",
    approval=0,
    query=_list_query,
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
    title = service_title(swarm, found)
    lines = [title, *_trouble(swarm, found), *_pause(facts, swarm, found)]
    lines += [*spec_lines(swarm, without_pause(found)), _last_update(swarm, found, facts.at)]
    tasks = task_rows(swarm, tasks_of(swarm, TaskTarget("service", (found,))), facts.at, past=False)
    rest = f"`/swarm ps {found.name}` lists the tasks."
    below: list[Block] = [section(f"*Tasks* {len(tasks) or 'none'}")]
    if tasks:
        below += long_table(
            task_columns("service"), [task_cells(row, "service") for row in tasks], rest, most=MAX_TASKS
        )
    made = f"Id {tick(found.id)} · created {when(found.created)} · changed {when(found.updated)}"
    return Message(title.replace("*", ""), (*paragraphs(lines), *below, context(made)))


def _stack_permission(arguments: StackArguments) -> Permission:
    """Return the permission: a compose file says more than the cluster shows."""
    return "operate" if _compares(arguments) else "view"


@question(
    "stacks",
    group="Services",
    help="List the stacks: how many of their services are fully running",
    example="stacks",
    permission="view",
    risk="none",
    approval=0,
    query=_list_query,
)
def stacks(facts: Facts, _: NoArguments) -> Message:
    """Return a row for each stack, what is wrong first."""
    swarm = require_cluster(facts)
    names = stack_names(swarm)
    alone = sum(not service.stack for service in swarm.services)
    note = [context(f"{number_of(alone, 'service')} of no stack: `/swarm services` lists all")] if alone else []
    note = [*paragraphs(undeployed_lines(facts)), *note]
    if not names:
        return Message(f"{facts.name} has no stacks", (section(f"{DONE} *{facts.name} has no stacks*"), *note))
    found = [(name, services_of(swarm, name)) for name in names]
    signs = {name: _worst(swarm, own) for name, own in found}
    rows = [
        (
            f"{signs[name]} {name}",
            str(len(own)),
            str(sum(not missing_tasks(swarm, each) for each in own)),
            ", ".join(each.name for each in own if service_sign(swarm, each) in {FAILED, WARNING}),
        )
        for name, own in sorted(found, key=lambda each: (URGENCY[signs[each[0]]], each[0]))
    ]
    lacking = [*signs.values()].count(FAILED)
    title = f"{part_of(len(names) - lacking, len(names), 'stack')} of {facts.name} fully running"
    sign = min(signs.values(), key=lambda each: URGENCY[each])
    columns = ("stack", "services", "fully running", "with problems")
    listed = long_table(columns, rows, f"One by one: {tick(f'/swarm stack {names[-1]}')}.")
    return Message(f"{sign} {title}", (section(f"{sign} *{title}*"), *listed, *note))


def _worst(swarm: ClusterFacts, own: Sequence[ServiceFacts]) -> Sign:
    """Return ✗ if a service of a stack lacks tasks, ! if one has another problem, otherwise ✓."""
    signs = {service_sign(swarm, each) for each in own}
    return FAILED if FAILED in signs else WARNING if WARNING in signs else DONE


@question(
    "stack",
    group="Services",
    help="Show one stack: its services, networks, secrets and configs",
    example="stack shop",
    permission=_stack_permission,
    risk="none",
    approval=0,
    query=_stack_query,
)
def stack(facts: Facts, arguments: StackArguments) -> Message:
    """Return the services of a stack and the names of its other objects, or how it differs from its file."""
    if _compares(arguments):
        return stack_diff(facts, last=arguments.revision is None)
    swarm, name = require_cluster(facts), arguments.stack
    if facts.revisions and name not in stack_names(swarm):
        title = f"*Stack {plain_line(name)} is not deployed in {facts.name}*"
        return Message(
            title.replace("*", ""), tuple(paragraphs([title, *_deploy_step(facts, name), *revision_lines(facts)]))
        )
    require_stack(facts, name)
    named = {
        "Networks": [each.name for each in swarm.networks if each.stack == name],
        "Secrets": [each.name for each in swarm.secrets if each.stack == name],
        "Configs": [each.name for each in swarm.configs if each.stack == name],
    }
    lines = [f"*{kind}* {first_of([*map(tick, names)], MAX_NAMES) or 'none'}" for kind, names in named.items()]
    lines += revision_lines(facts)
    own = services_of(swarm, name)
    if not own:
        title = f"*Stack {plain_line(name)} in {facts.name} has no services*"
        return Message(title.replace("*", ""), tuple(paragraphs([title, *lines])))
    shown = _service_list(facts, own, f"stack {plain_line(name)} in {facts.name}")
    return Message(shown.text, (*shown.blocks, *paragraphs(lines)))


def _deploy_step(facts: Facts, name: str) -> list[str]:
    return [f"Next: {deploy_step(name)}"] if name in facts.listed_stacks else []


def _service_list(facts: Facts, services: Sequence[ServiceFacts], where: str) -> Message:
    swarm = require_cluster(facts)
    ordered = sorted_services(swarm, services)
    sign, title = headline(swarm, ordered, where)
    trouble = trouble_lines(swarm, ordered)
    following = [why_step(ordered[0])] if sign == FAILED else []
    blocks = [
        *paragraphs([f"{sign} {title}", *trouble, *following]),
        *long_table(
            COLUMNS, service_rows(swarm, ordered, facts.at), _narrower(ordered), caption=f"Services of {facts.name}"
        ),
    ]
    return Message(f"{sign} {title}".replace("*", ""), tuple(blocks))


def _narrower(services: Sequence[ServiceFacts]) -> str:
    """Return how to see the services that a long list omits: by stack, or the last one alone."""
    largest = Counter(service.stack for service in services if service.stack).most_common()
    if len(largest) <= 1:
        return f"One by one: `/swarm service {services[-1].name}`."
    named = ", ".join(f"{tick(f'/swarm services {name}')} ({count})" for name, count in largest[:MAX_STACKS])
    others = len(largest) - MAX_STACKS
    return f"By stack: {named}" + (f" and {number_of(others, 'stack')} more: `/swarm stacks`." if others > 0 else ".")


def _trouble(swarm: ClusterFacts, service: ServiceFacts) -> list[str]:
    """Return why tasks are missing, and what to do; [] if no task is missing."""
    if service_sign(swarm, service) != FAILED:
        loop = crash_loop_line(swarm, service)
        return [f"{WARNING} {loop[:1].upper()}{loop[1:]}", why_step(service)] if loop else []
    why = [f"{FAILED} {plain_line(masked_text(service.complaint))}"] if service.complaint else []
    return [*why, why_step(service)]


def _pause(facts: Facts, swarm: ClusterFacts, service: ServiceFacts) -> list[str]:
    """Return that the rollout is paused, how far it is, and what to do; [] if it is not."""
    if not is_paused(service.spec):
        return []
    return [
        f"{WARNING} *Swarmbot paused its rollout*: {new_text(swarm, service)}. {PAUSE_COSTS}",
        f"Next: {pause_steps(facts, service)}",
    ]


def _last_update(swarm: ClusterFacts, service: ServiceFacts, now: float) -> str:
    text = f"*Last update* {plain_line(update_text(swarm, service, now))}"
    if service.update is None:
        return f"{text}: it was never updated, or its last update replaced no task"
    if is_paused(service.spec):
        return text
    message = "" if service.update.message in COMPLETED_MESSAGES else service.update.message
    return f"{text}: {plain_line(message)}" if message else text
