"""The plan of a change to one service, and several of them in one order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.blocks import tick
from bot.errors import Refused
from bot.model import Facts, Plan, PlanTitles, ServiceFacts, Step
from bot.swarm.operations.services import ChangeService, ResumeUpdate, RollBackService, Verb
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.services.change_plan import (
    is_docker_paused,
    nowhere_costs,
    pause_end,
    refuse_job,
    restarting_text,
    rollout_warnings,
    stop_costs,
)
from bot.swarm.services.rollout.paused_rollout import is_paused, pause_steps, without_pause
from bot.swarm.services.rollout.rollout import rollout
from bot.swarm.services.spec.already_set import already_set_text
from bot.swarm.services.spec.spec_changes import FieldChange, restarts, spec_changes, spec_fingerprint
from bot.swarm.services.spec.spec_edit import SpecEdit
from bot.text.suggest import listed


def changed(facts: Facts, service: ServiceFacts, edit: SpecEdit, verb: Verb) -> Plan:
    """Return the plan of an edit; it has no step if nothing would differ and its tasks run. Raise Refused for a job.

    If the spec is as asked for and its tasks do not run, the step waits for them, or says why they do not. A change
    ends the pause of a rollout; raise Refused if it would do nothing else.
    """
    refuse_job(service)
    present, service = service, _without_pause(service)
    spec = edit.edited(service.spec)
    changes = spec_changes(service.spec, spec)
    if not changes:
        _refuse_paused(facts, present)
    found = rollout(require_cluster(facts), service, facts.cluster_time)
    if not changes and (found.stable or not edit.concerns_tasks):
        state = f", {found.progress}" if edit.concerns_tasks else ""
        return Plan(PlanTitles(), unchanged=(f"{tick(service.name)} has {already_set_text(edit)}{state}",))
    replaced = restarts(service.spec, spec)
    goes_on = not changes or is_paused(present.spec) or is_docker_paused(present)
    moves = goes_on or replaced != "none" or _rescales(changes)
    operation = ChangeService(
        id=service.id,
        service=service.name,
        cluster=facts.name,
        spec=spec_fingerprint(present.spec),
        changes=changes,
        waits=moves,
        last_update=last_update(present),
        edit=edit,
        verb=verb,
    )
    plan = part(facts, service, replace(service, spec=spec), operation)
    if changes:
        costs, told = pause_end(require_cluster(facts), present, replace(service, spec=spec), replaced)
        plan = replace(plan, costs=(*costs, *plan.costs), warnings=(*told, *plan.warnings))
    return replace(plan, effect=plan.effect.rpartition("; ")[2]) if verb == "restart" else plan


def rolled_back(facts: Facts, service: ServiceFacts, target: ServiceFacts, *, kept: bool) -> Plan:
    """Return the plan of a rollback to the spec of ``target``; it has no step if the specs are equal.

    ``kept``: whether that is the last good spec, and not Docker's own record.
    """
    present, service = service, _without_pause(service)
    changes = spec_changes(service.spec, target.spec)
    if not changes:
        _refuse_paused(facts, present)
        which = "its last good spec" if kept else "the spec that it had before the last update"
        return Plan(PlanTitles(), unchanged=(f"{tick(service.name)} has {which}",))
    moves = restarts(service.spec, target.spec) != "none" or _rescales(changes)
    operation = RollBackService(
        id=service.id,
        service=service.name,
        cluster=facts.name,
        spec=spec_fingerprint(present.spec),
        changes=changes,
        waits=moves,
        last_update=last_update(present),
        target=spec_fingerprint(target.spec),
        kept=kept,
    )
    return part(facts, service, target, operation)


def resumed(facts: Facts, service: ServiceFacts) -> Plan:
    """Return the plan to send the present spec again, without a pause."""
    present, service = service, _without_pause(service)
    operation = ResumeUpdate(
        id=service.id,
        service=service.name,
        cluster=facts.name,
        spec=spec_fingerprint(service.spec),
        changes=(),
        waits=True,
        last_update=last_update(present),
    )
    warnings = rollout_warnings(facts, service, service, "all")
    return Plan(PlanTitles(), steps=(Step(operation, service.name),), warnings=warnings)


def part(facts: Facts, before: ServiceFacts, after: ServiceFacts, operation: ChangeService | RollBackService) -> Plan:
    """Return the plan of one step: old → new per field, which tasks restart, and what people must know."""
    swarm, replaced = require_cluster(facts), restarts(before.spec, after.spec)
    text = ", ".join(change.shown for change in operation.changes) or "its spec stays as it is"
    is_still = not operation.changes and is_docker_paused(before)
    return Plan(
        PlanTitles(),
        steps=(Step(operation, before.name),),
        effect=f"{text}; {'no task restarts' if is_still else restarting_text(swarm, before, after, replaced)}",
        costs=(*stop_costs(swarm, after), *nowhere_costs(facts, after, replaced)),
        warnings=rollout_warnings(facts, before, after, replaced),
    )


def one_order(titles: PlanTitles, parts: Sequence[tuple[str, Plan]]) -> Plan:
    """Return the plans of several services, by name, as one. Their steps run side by side."""
    effects = [(name, plan.effect) for name, plan in parts if plan.effect]
    several = len(parts) > 1
    return Plan(
        titles,
        steps=tuple(step for _, plan in parts for step in plan.steps),
        effect=" · ".join(f"{tick(name)} {effect}" if several else effect for name, effect in effects),
        costs=tuple(cost for _, plan in parts for cost in plan.costs),
        warnings=tuple(dict.fromkeys(text for _, plan in parts for text in plan.warnings)),
        unchanged=tuple(text for _, plan in parts for text in plan.unchanged),
    )


def titles(facts: Facts, names: Sequence[str], verb: str, participle: str, noun: str) -> PlanTitles:
    """Return the titles of an order about services: ``update``, ``updated``, ``The update of``."""
    first, _, rest = verb.partition(" ")
    what = f"{rest} {listed(map(tick, names))}".strip()
    several = len(names) > 1
    success = f"{{count}} services of {facts.name} are {participle}" if several else f"{tick(names[0])} is {participle}"
    return PlanTitles(
        present=f"{first}s {what} in {facts.name}",
        imperative=f"{first} {what} in {facts.name}",
        success=success,
        failure=f"{noun} {{failed}} in {facts.name} failed",
    )


def _refuse_paused(facts: Facts, service: ServiceFacts) -> None:
    """Raise Refused if Swarmbot paused the rollout: an order that changes nothing must not continue it."""
    if is_paused(service.spec):
        raise Refused(
            f"the rollout of {tick(service.name)} is paused by Swarmbot.",
            true_now="Nothing was changed.",
            next_step=pause_steps(facts, service),
        )


def _without_pause(service: ServiceFacts) -> ServiceFacts:
    """Return the service without Swarmbot's pause of a rollout, and without the update that the pause stopped."""
    return replace(without_pause(service), update=None) if is_paused(service.spec) else service


def _rescales(changes: Sequence[FieldChange]) -> bool:
    return any(change.field == "replicas" for change in changes)


def last_update(service: ServiceFacts) -> float:
    """Return when Docker's last update of the service began, unix seconds; 0 if it reports none."""
    return service.update.started if service.update else 0.0
