"""`/swarm run`: run a job again, or a new one."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Annotated, Final

from bot.blocks import echo, tick
from bot.commands import Flag, Word, change, number, text
from bot.commands.service_kinds import IMAGE, SETTING
from bot.errors import NotUnderstood, Refused
from bot.model import Facts, FactsQuery, Plan, ServiceFacts, Step
from bot.swarm.operations import CreateJob, RunJob
from bot.swarm.operations.service_plan import titles
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.services.change_plan import image_warnings, service_to_change
from bot.swarm.services.rollout.job_run import job_run
from bot.swarm.services.spec.job_spec import JobSpec
from bot.swarm.services.spec.masked import masked_words
from bot.swarm.services.spec.spec_changes import spec_fingerprint
from bot.text.suggest import number_of

NAME: Final = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?")
"""What Docker accepts as the name of a service."""
MAX_TASKS: Final = 100_000


@dataclass(frozen=True, slots=True)
class RunArguments:
    """The arguments of ``run``."""

    job: Annotated[str, Word(text("JOB"), "a job, by name or id; with `--image` the name of a new one")]
    image: Annotated[str, Flag(IMAGE, "the image of a new job")] = ""
    env: Annotated[tuple[tuple[str, str], ...], Flag(SETTING, "set an environment variable; no secrets")] = ()
    command: Annotated[str, Flag(text("COMMAND"), "what its tasks run instead of the image's command; in quotes")] = ""
    replicas: Annotated[int | None, Flag(number("N", 1, MAX_TASKS), "how many tasks must complete; default: 1")] = None
    concurrent: Annotated[int | None, Flag(number("N", 1, MAX_TASKS), "how many run at once; default: all")] = None

    @property
    def spec(self) -> JobSpec:
        """What a new job is made from. Raise ValueError if the quotes of the command do not match."""
        replicas = self.replicas or 1
        concurrent = min(self.concurrent or replicas, replicas)
        return JobSpec(self.image, self.env, tuple(shlex.split(self.command)), replicas, concurrent)


def _query(arguments: RunArguments) -> FactsQuery:
    return FactsQuery(services=True, task_list=True, image=arguments.image)


def _validate(arguments: RunArguments) -> None:
    if not arguments.image:
        if arguments != RunArguments(arguments.job):
            raise NotUnderstood(
                "These flags are for a new job, which needs an image.",
                next_step=f"Add `--image IMAGE`; without flags {tick(f'/swarm run {arguments.job}')} runs a job again.",
            )
        return
    if not NAME.fullmatch(arguments.job):
        raise NotUnderstood(
            f"{echo(arguments.job)} is not a name for a service.", next_step="Use letters, digits, `-`."
        )
    try:
        words = arguments.spec.command
    except ValueError:
        raise NotUnderstood(f"{echo(arguments.command)} has a quote that does not end.") from None
    if masked_words(words) != [*words]:
        raise NotUnderstood(
            "The command has a value that looks like a secret. Slack and Docker would keep it as plain text. "
            "Nothing was stored or changed.",
            next_step="Put it into a Docker secret. If it was a real secret, replace it: Slack has seen it.",
        )


@change(
    "run",
    group="Services",
    help="Run a job, again or a new one, and wait until its tasks have completed",
    example="run migrate",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
    validate=_validate,
)
def run(facts: Facts, arguments: RunArguments) -> Plan:
    """Run a job of the cluster again: its spec stays as it is, except for the number of the run. Or create one."""
    if arguments.image and not any(each.name == arguments.job for each in require_cluster(facts).services):
        return _new(facts, arguments)
    service = service_to_change(facts, arguments.job)
    if not service.is_job:
        raise Refused(
            f"{tick(service.name)} is not a job: its mode is {service.mode}.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm restart {service.name}` replaces its tasks.",
        )
    if arguments.image:
        _refuse_another_spec(service, arguments.spec)
    found = job_run(require_cluster(facts), service, facts.cluster_time)
    operation = RunJob(
        service.name, facts.name, id=service.id, spec=spec_fingerprint(service.spec), force=service.forced + 1
    )
    running = f"A run is in progress: its {number_of(found.running, 'running task')} will be stopped."
    return Plan(
        titles(facts, [service.name], "run", "completed", "The run of"),
        steps=(Step(operation, service.name),),
        effect=_effect(service, found.wanted),
        warnings=(running,) if found.running else (),
    )


def _new(facts: Facts, arguments: RunArguments) -> Plan:
    job = arguments.spec
    command = f", command {tick(arguments.command)}" if arguments.command else ""
    count = number_of(job.replicas, "task")
    return Plan(
        titles(facts, [arguments.job], "run", "completed", "The run of"),
        steps=(Step(CreateJob(arguments.job, facts.name, job=job), arguments.job),),
        effect=f"a new job of image {tick(job.image)}{command}; {count}, {job.concurrent} at once",
        warnings=(*image_warnings(facts, job.image), "A task that fails is not started again."),
    )


def _refuse_another_spec(service: ServiceFacts, job: JobSpec) -> None:
    """Raise Refused if the existing job differs from the typed one."""
    if differences := job.differences(service):
        raise Refused(
            f"there is a job {tick(service.name)} with another spec: "
            f"{', '.join(change.shown for change in differences)}.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm run {service.name}` runs it as it is. For the new one, use another name.",
        )


def _effect(service: ServiceFacts, wanted: int) -> str:
    if service.is_global:
        return f"{number_of(wanted, 'task')}, one on each node"
    return f"{number_of(wanted, 'task')}, {min(service.concurrent, wanted)} at once"
