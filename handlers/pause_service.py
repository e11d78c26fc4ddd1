"""`/swarm pause` of a service's rollout. It never pauses a node: that is handlers/drain.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.blocks import tick
from bot.commands import SERVICE, Flag, Word, change
from bot.errors import Refused
from bot.model import Facts, FactsQuery, Plan, PlanTitles, ServiceFacts, Step
from bot.swarm.operations import PauseRollout
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.services.change_plan import refuse_job, service_to_change
from bot.swarm.services.rollout.paused_rollout import PAUSE_COSTS, is_paused, pause_steps
from bot.swarm.services.rollout.rollout import PAUSED, is_rolling
from bot.swarm.services.service_names import refuse_shared_names
from bot.swarm.services.spec.temporary_spec import is_temporary


@dataclass(frozen=True, slots=True)
class PauseServiceArguments:
    """The arguments of ``pause`` for a service."""

    service_name: Annotated[str, Word(SERVICE, "a service, by name or id")]
    service: Annotated[bool, Flag(None, "the name is a service, even if a node has the same name")] = False


def _query(arguments: PauseServiceArguments) -> FactsQuery:
    return FactsQuery(services=True, task_list=True, good_spec_of=arguments.service_name)


@change(
    "pause-service",
    typed="pause",
    group="Services",
    help="Pause the rollout of a service: Docker replaces no further task until it is resumed",
    example="pause web",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def pause_service(facts: Facts, arguments: PauseServiceArguments) -> Plan:
    """Pause a rollout that is in progress, no matter who started it."""
    if not arguments.service:
        refuse_shared_names(facts, [arguments.service_name], "pause")
    swarm, service = require_cluster(facts), service_to_change(facts, arguments.service_name)
    refuse_job(service)
    what = f"the rollout of {tick(service.name)} in {facts.name}"
    titles = PlanTitles(
        present=f"pauses {what}",
        imperative=f"pause {what}",
        success=f"The rollout of {tick(service.name)} is paused",
        failure=f"The rollout of {{failed}} in {facts.name} was not paused",
    )
    if is_paused(service.spec):
        return Plan(titles, unchanged=(f"the rollout of {tick(service.name)} is paused",))
    if not is_rolling(swarm, service):
        raise _nothing_to_pause(service)
    if is_temporary(service.spec):
        raise Refused(
            f"tasks of {tick(service.name)} are being moved by a drain or a rebalance, not by an update.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm rebalance {service.name}` takes back what is temporary.",
        )
    return Plan(
        titles,
        steps=(Step(PauseRollout(service.id, service.name, facts.name), service.name),),
        effect=pause_steps(facts, service),
        warnings=(
            PAUSE_COSTS,
            f"Docker then has no other spec of {tick(service.name)} to roll back to: it keeps only one.",
        ),
    )


def _nothing_to_pause(service: ServiceFacts) -> Refused:
    state = service.update.state if service.update else ""
    if state in PAUSED:
        return Refused(
            f"Docker has paused the last update of {tick(service.name)} already, because tasks failed.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm resume {service.name}` goes on. `/swarm why {service.name}` says how they failed.",
        )
    status = f"its last update is {state.replace('_', ' ')}" if state else "Docker has no status of an update"
    return Refused(
        f"no rollout of {tick(service.name)} is in progress: {status}.",
        true_now="Nothing was changed.",
        next_step=f"`/swarm service {service.name}` shows its tasks.",
    )
