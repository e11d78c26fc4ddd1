"""`/swarm run`: a job again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.blocks import tick
from bot.commands import SERVICE, Word, change
from bot.errors import Refused
from bot.model import Facts, FactsQuery, Plan, ServiceFacts, Step
from bot.swarm.operations import RunJob
from bot.swarm.operations.service_plan import titles
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.services.change_plan import service_to_change
from bot.swarm.services.job_run import job_run
from bot.swarm.services.spec_changes import fingerprint
from bot.text.suggest import number_of


@dataclass(frozen=True, slots=True)
class RunArguments:
    """The arguments of ``run``."""

    service: Annotated[str, Word(SERVICE, "a job, by name or id")]


def _query(_: RunArguments) -> FactsQuery:
    return FactsQuery(services=True, task_list=True)


@change(
    "run",
    group="Services",
    help="Run a job again, and wait until its tasks have completed",
    example="run migrate",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def run(facts: Facts, arguments: RunArguments) -> Plan:
    """Run a job of the cluster again. Its spec stays as it is but for the number of the run."""
    service = service_to_change(facts, arguments.service)
    if not service.is_job:
        raise Refused(
            f"{tick(service.name)} is not a job: its mode is {service.mode}.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm restart {service.name}` replaces its tasks.",
        )
    found = job_run(require_cluster(facts), service, facts.cluster_time)
    force = int(service.template.get("ForceUpdate") or 0) + 1
    operation = RunJob(service.id, service.name, facts.name, fingerprint(service.spec), force)
    running = f"A run is in progress: its {number_of(found.running, 'running task')} will be stopped."
    return Plan(
        titles(facts, [service.name], "run", "completed", "The run of"),
        steps=(Step(operation, service.name),),
        effect=_effect(service, found.wanted),
        warnings=(running,) if found.running else (),
    )


def _effect(service: ServiceFacts, wanted: int) -> str:
    if service.is_global:
        return f"{number_of(wanted, 'task')}, one on each node"
    return f"{number_of(wanted, 'task')}, {min(service.concurrent, wanted)} at once"
