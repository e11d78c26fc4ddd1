"""`/swarm rollback` and `resume`: the way back from an update, and the way on with one that Docker paused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

from bot.blocks import tick
from bot.commands import SERVICE, Flag, Word, change
from bot.errors import Refused
from bot.model import Facts, FactsQuery, Plan
from bot.swarm.operations.service_plan import one_order, resumed, rolled_back, titles
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.services.change_plan import refuse_job, service_to_change
from bot.swarm.services.rollout import rollout
from bot.swarm.services.service_names import refuse_shared_names
from bot.text.suggest import number_of


@dataclass(frozen=True, slots=True)
class RollbackArguments:
    """The arguments of ``rollback``."""

    service: Annotated[str, Word(SERVICE, "a service, by name or id")]


@dataclass(frozen=True, slots=True)
class ResumeArguments:
    """The arguments of ``resume``."""

    service_name: Annotated[str, Word(SERVICE, "a service, by name or id")]
    service: Annotated[bool, Flag(None, "the name is a service, even if a node has the same name")] = False


def _query(_: Any) -> FactsQuery:
    return FactsQuery(services=True, task_list=True)


@change(
    "rollback",
    group="Services",
    help="Return a service to its spec before the last update",
    example="rollback web",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def rollback(facts: Facts, arguments: RollbackArguments) -> Plan:
    """Roll back by the engine's own record of the spec before, which any update overwrites."""
    service = service_to_change(facts, arguments.service)
    refuse_job(service)
    if service.previous_spec is None:
        raise Refused(
            f"{tick(service.name)} has no spec to return to: it was not updated since it was created.",
            true_now="Nothing was changed.",
        )
    part = rolled_back(facts, service, replace(service, spec=service.previous_spec))
    once = "Docker keeps only the spec before the last update, whatever it changed: a second rollback undoes this one."
    plan = one_order(
        titles(facts, [service.name], "roll back", "rolled back", "The rollback of"), [(service.name, part)]
    )
    return replace(plan, warnings=(once, *plan.warnings)) if plan.steps else plan


@change(
    "resume",
    group="Services",
    help="Go on with an update of a service that Docker paused",
    example="resume web",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def resume(facts: Facts, arguments: ResumeArguments) -> Plan:
    """Go on with a paused update. With the name of a node, ``resume`` is ``activate``."""
    if not arguments.service:
        refuse_shared_names(facts, [arguments.service_name], "resume")
    service = service_to_change(facts, arguments.service_name)
    refuse_job(service)
    if service.update is None or service.update.state != "paused":
        state = f"its last update is {service.update.state}" if service.update else "Docker has no status of an update"
        raise Refused(
            f"no update of {tick(service.name)} is paused: {state}.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm restart {service.name}` replaces all its tasks.",
        )
    found = rollout(require_cluster(facts), service, facts.cluster_time)
    failed = [f"Docker paused it because tasks failed. The last one: {found.last_failure}."]
    lost = "Docker then has no other spec to roll back to: it keeps only the one before the last update."
    plan = resumed(facts, service)
    return replace(
        plan,
        titles=titles(facts, [service.name], "resume the update of", "updated", "The update of"),
        effect=f"{found.running} of {number_of(found.wanted, 'task')} of its present spec running",
        warnings=(*(failed if found.last_failure else ()), lost, *plan.warnings),
    )
