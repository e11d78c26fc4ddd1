"""`/swarm scale`, `update SERVICE` and `restart`."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Final, Literal

from bot.blocks import tick
from bot.commands import DURATION, SERVICE, Flag, Word, change, choice, number
from bot.commands.service_kinds import CONSTRAINT, CPUS, ENV_NAME, IMAGE, LABEL_NAME, MEMORY, REPLICAS, SCALE, SETTING
from bot.errors import NotUnderstood, Refused
from bot.model import Facts, FactsQuery, Plan, ServiceFacts
from bot.swarm.membership.node_orders import each_or_refused
from bot.swarm.operations.service_plan import changed, one_order, titles
from bot.swarm.services.change_plan import image_warnings, refuse_job, service_to_change
from bot.swarm.services.spec.spec_edit import SpecEdit

MAX_COUNT: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ScaleArguments:
    """The arguments of ``scale``."""

    services: Annotated[tuple[tuple[str, int], ...], Word(SCALE, "services, each with its new number of replicas")]


@dataclass(frozen=True, slots=True)
class ServiceArguments:
    """The arguments of a command about one service."""

    service: Annotated[str, Word(SERVICE, "a service, by name or id")]


@dataclass(frozen=True, slots=True)
class UpdateServiceArguments:
    """The arguments of ``update`` for a service. A flag changes only its field; fields are as in SpecEdit."""

    service: Annotated[str, Word(SERVICE, "a service, by name or id")]
    image: Annotated[str, Flag(IMAGE, "the image of its tasks")] = ""
    replicas: Annotated[int | None, Flag(REPLICAS, "the number of tasks")] = None
    env: Annotated[tuple[tuple[str, str], ...], Flag(SETTING, "set an environment variable; no secrets")] = ()
    env_rm: Annotated[tuple[str, ...], Flag(ENV_NAME, "remove an environment variable")] = ()
    constraint: Annotated[tuple[str, ...], Flag(CONSTRAINT, "add a constraint, like node.labels.zone==b")] = ()
    constraint_rm: Annotated[tuple[str, ...], Flag(CONSTRAINT, "remove a constraint")] = ()
    label: Annotated[tuple[tuple[str, str], ...], Flag(SETTING, "set a label of the service")] = ()
    label_rm: Annotated[tuple[str, ...], Flag(LABEL_NAME, "remove a label of the service")] = ()
    limit_cpu: Annotated[float | None, Flag(CPUS, "the most CPUs for a task; 0 for no limit")] = None
    limit_memory: Annotated[int | None, Flag(MEMORY, "the most memory for a task; 0 for no limit")] = None
    reserve_cpu: Annotated[float | None, Flag(CPUS, "CPUs that a node must have free for a task")] = None
    reserve_memory: Annotated[int | None, Flag(MEMORY, "memory that a node must have free for a task")] = None
    update_parallelism: Annotated[
        int | None, Flag(number("N", 0, MAX_COUNT), "tasks that are replaced at a time; 0 for all")
    ] = None
    update_delay: Annotated[float | None, Flag(DURATION, "time between two batches")] = None
    update_order: Annotated[
        Literal["start-first", "stop-first"] | None,
        Flag(choice("start-first", "stop-first"), "whether a new task starts before the old one stops"),
    ] = None
    update_failure_action: Annotated[
        Literal["pause", "continue", "rollback"] | None,
        Flag(choice("pause", "continue", "rollback"), "what Docker does if a new task fails"),
    ] = None
    update_monitor: Annotated[
        float | None, Flag(DURATION, "how long a new task is watched for failures; also by Swarmbot")
    ] = None

    @property
    def edit(self) -> SpecEdit:
        """The flags as an edit of the spec."""
        given = {name: value for name, value in self._flags.items() if value is not None}
        return SpecEdit(**given)

    @property
    def _flags(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "service"}


def _query(_: Any) -> FactsQuery:
    return FactsQuery(services=True, task_list=True)


def _update_query(arguments: UpdateServiceArguments) -> FactsQuery:
    return FactsQuery(services=True, task_list=True, image=arguments.image)


def _validate_scale(arguments: ScaleArguments) -> None:
    names = [name for name, _ in arguments.services]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise NotUnderstood(f"{tick(twice[0])} is given twice.")


def _validate_update(arguments: UpdateServiceArguments) -> None:
    if arguments.edit == SpecEdit():
        raise NotUnderstood(
            f"{tick(f'update {arguments.service}')} needs a flag that says what to change.",
            next_step="`/swarm help update` lists the flags.",
        )
    for set_, removed in ((dict(arguments.env), arguments.env_rm), (dict(arguments.label), arguments.label_rm)):
        if both := [name for name in removed if name in set_]:
            raise NotUnderstood(f"{tick(both[0])} is to be set and to be removed.")


@change(
    "scale",
    group="Services",
    help="Change the number of tasks of services, and wait until they run",
    example="scale web=3",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
    validate=_validate_scale,
)
def scale(facts: Facts, arguments: ScaleArguments) -> Plan:
    """Scale services side by side."""
    parts = each_or_refused(arguments.services, lambda pair: _scaled(facts, *pair))
    return one_order(titles(facts, [name for name, _ in parts], "scale", "scaled", "Scaling"), parts)


@change(
    "update-service",
    typed="update",
    group="Services",
    help="Change a service: its image, environment, constraints, resources or update policy",
    example="update web --image nginx:1.27",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_update_query,
    validate=_validate_update,
)
def update_service(facts: Facts, arguments: UpdateServiceArguments) -> Plan:
    """Change the given fields of a service. All other fields stay as they are."""
    service = service_to_change(facts, arguments.service)
    if arguments.replicas is not None:
        _refuse_replicas(service)
    named = titles(facts, [service.name], "update", "updated", "The update of")
    plan = one_order(named, [(service.name, changed(facts, service, arguments.edit, "update"))])
    return replace(plan, warnings=(*image_warnings(facts, arguments.image), *plan.warnings)) if plan.steps else plan


@change(
    "restart",
    group="Services",
    help="Replace all tasks of a service, batch after batch",
    example="restart web",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def restart(facts: Facts, arguments: ServiceArguments) -> Plan:
    """Raise ``ForceUpdate`` by one, as ``docker service update --force`` does."""
    service = service_to_change(facts, arguments.service)
    edit = SpecEdit(force=service.forced + 1)
    named = titles(facts, [service.name], "restart", "restarted", "The restart of")
    return one_order(named, [(service.name, changed(facts, service, edit, "restart"))])


def _scaled(facts: Facts, name: str, replicas: int) -> tuple[str, Plan]:
    service = service_to_change(facts, name)
    _refuse_replicas(service)
    return service.name, changed(facts, service, SpecEdit(replicas=replicas), "scale")


def _refuse_replicas(service: ServiceFacts) -> None:
    refuse_job(service)
    if service.is_global:
        raise Refused(
            f"{tick(service.name)} is global: it runs one task on every node that meets its constraints.",
            true_now="Nothing was changed.",
            next_step="Change its constraints to run it on more or fewer nodes.",
        )
