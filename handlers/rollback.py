"""`/swarm rollback` and `resume`: undo an update, and continue one that Docker paused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from bot.blocks import tick, when
from bot.commands import SERVICE, Flag, Word, change
from bot.errors import Refused
from bot.model import Cost, Facts, FactsQuery, Plan, ServiceFacts
from bot.swarm.operations.service_plan import one_order, resumed, rolled_back, titles
from bot.swarm.operations.services import good_target
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.services.change_plan import refuse_job, service_to_change
from bot.swarm.services.rollout.paused_rollout import is_paused, pause_steps, without_pause
from bot.swarm.services.rollout.rollback_advice import is_rolled_back, rollback_helps
from bot.swarm.services.rollout.rollout import rollout
from bot.swarm.services.service_names import refuse_shared_names
from bot.swarm.services.service_state import missing_tasks, wanted_tasks
from bot.swarm.services.spec.spec_changes import spec_changes
from bot.text.suggest import number_of, part_of

ONE_SPEC: Final = (
    "Docker keeps only the spec before the last update, whatever it changed: a second rollback undoes this one."
)


@dataclass(frozen=True, slots=True)
class RollbackArguments:
    """The arguments of ``rollback``."""

    service: Annotated[str, Word(SERVICE, "a service, by name or id")]
    last_good: Annotated[bool, Flag(None, "to the last spec whose tasks Swarmbot saw run")] = False


@dataclass(frozen=True, slots=True)
class ResumeArguments:
    """The arguments of ``resume``."""

    service_name: Annotated[str, Word(SERVICE, "a service, by name or id")]
    service: Annotated[bool, Flag(None, "the name is a service, even if a node has the same name")] = False


def _query(_: Any) -> FactsQuery:
    return FactsQuery(services=True, task_list=True)


def _rollback_query(arguments: RollbackArguments) -> FactsQuery:
    return FactsQuery(services=True, task_list=True, good_spec_of=arguments.service)


@change(
    "rollback",
    group="Services",
    help="Return a service to its spec before the last update, or to the last good one",
    example="rollback web",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_rollback_query,
)
def rollback(facts: Facts, arguments: RollbackArguments) -> Plan:
    """Roll back by the engine's own record of the spec before, which any update overwrites, or by Swarmbot's."""
    service = service_to_change(facts, arguments.service)
    refuse_job(service)
    target = _last_good(facts, service) if arguments.last_good else _previous(facts, service)
    if not spec_changes(service.spec, target):
        _refuse_if_missing(facts, service, kept=arguments.last_good)
    part = rolled_back(facts, service, replace(service, spec=target), kept=arguments.last_good)
    plan = one_order(
        titles(facts, [service.name], "roll back", "rolled back", "The rollback of"), [(service.name, part)]
    )
    if not plan.steps:
        return plan
    costs = () if arguments.last_good else _undone(facts, service)
    notes = _notes(facts, service, target, kept=arguments.last_good)
    return replace(plan, costs=(*costs, *plan.costs), warnings=(*notes, *plan.warnings))


def _undone(facts: Facts, service: ServiceFacts) -> tuple[Cost, ...]:
    """Return the cost of returning, by Docker's own record, to a spec that failed before."""
    if rollback_helps(require_cluster(facts), service):
        return ()
    text = (
        f"The last change of {tick(service.name)} was a rollback. This one undoes it and returns to the spec that "
        "it replaced."
        if is_rolled_back(service)
        else "Tasks of the spec before failed, and none of them runs now."
    )
    return (Cost(f"rollback of {service.name}", text),)


def _previous(facts: Facts, service: ServiceFacts) -> Mapping[str, Any]:
    if is_paused(service.spec) or is_paused(service.previous_spec or {}):
        raise Refused(
            f"Docker's spec of {tick(service.name)} before the last one is of the rollout that Swarmbot paused.",
            true_now="Nothing was changed.",
            next_step=pause_steps(facts, service),
        )
    if service.previous_spec is None:
        raise Refused(
            f"{tick(service.name)} has no spec to return to: it was not updated since it was created.",
            true_now="Nothing was changed.",
        )
    return service.previous_spec


def _last_good(facts: Facts, service: ServiceFacts) -> Mapping[str, Any]:
    target = good_target(facts, service.id, service.spec)
    if target is None:
        before = f" `/swarm rollback {service.name}` returns to Docker's own." if service.previous_spec else ""
        before = f" {pause_steps(facts, service)}" if is_paused(service.spec) else before
        raise Refused(
            f"Swarmbot has kept no spec of {tick(service.name)}.",
            true_now="Nothing was changed.",
            next_step="It keeps the last one whose tasks it saw run when it changes a service, if SWARMBOT_SECRET_KEY "
            f"is set.{before}",
        )
    return target


def _refuse_if_missing(facts: Facts, service: ServiceFacts, *, kept: bool) -> None:
    """Raise Refused if tasks are missing: a rollback to the present spec would not start them."""
    swarm = require_cluster(facts)
    if not (missing := missing_tasks(swarm, service)):
        return
    wanted = wanted_tasks(swarm, service)
    state = f"{part_of(wanted - missing, wanted, 'task')} running"
    good = good_target(facts, service.id, service.spec)
    if good is not None and spec_changes(service.spec, good):
        next_step = f"`/swarm rollback {service.name} --last-good` returns to the last spec whose tasks ran."
    else:
        next_step = f"`/swarm why {service.name}` says why tasks are missing."
    happened = (
        f"{tick(service.name)} has its last good spec already, with {state}."
        if kept
        else f"Docker has no other spec of {tick(service.name)} to roll back to, with {state}."
    )
    raise Refused(happened, true_now="Nothing was changed.", next_step=next_step)


def _notes(facts: Facts, service: ServiceFacts, target: Mapping[str, Any], *, kept: bool) -> list[str]:
    """Return where the target comes from; for Docker's own record, also whether another spec is the last good one."""
    good = facts.good_specs.get(service.id)
    if kept:
        return [f"Its tasks were last seen to run {when(good.seen)}."] if good else []
    found = [ONE_SPEC]
    last = good_target(facts, service.id, service.spec)
    if good and last and spec_changes(last, target) and spec_changes(last, service.spec):
        found.append(
            f"The last spec whose tasks Swarmbot saw run, {when(good.seen)}, is another one: "
            f"`/swarm rollback {service.name} --last-good` returns to it."
        )
    return found


@change(
    "resume",
    group="Services",
    help="Go on with an update of a service that is paused",
    example="resume web",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def resume(facts: Facts, arguments: ResumeArguments) -> Plan:
    """Continue a rollout that Docker or Swarmbot paused. With the name of a node, ``resume`` is ``activate``."""
    if not arguments.service:
        refuse_shared_names(facts, [arguments.service_name], "resume")
    service = service_to_change(facts, arguments.service_name)
    refuse_job(service)
    paused = is_paused(service.spec)
    if not paused and (service.update is None or service.update.state != "paused"):
        state = f"its last update is {service.update.state}" if service.update else "Docker has no status of an update"
        raise Refused(
            f"no update of {tick(service.name)} is paused: {state}.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm restart {service.name}` replaces all its tasks.",
        )
    found = rollout(require_cluster(facts), without_pause(service), facts.cluster_time)
    why = "Tasks of its new spec failed" if paused else "Docker paused it because tasks failed"
    failed = Cost(f"rollout of {service.name}", f"{why}. The last one: {found.last_failure}.")
    lost = "Docker then has no other spec to roll back to: it keeps only the one before the last update."
    plan = resumed(facts, service)
    return replace(
        plan,
        titles=titles(facts, [service.name], "resume the update of", "updated", "The update of"),
        effect=f"{found.running} of {number_of(found.wanted, 'task')} of its present spec running",
        costs=(failed,) if found.last_failure else (),
        warnings=(lost, *plan.warnings),
    )
