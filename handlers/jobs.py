"""`/swarm jobs`, `/swarm job ID`, `/swarm cancel ID`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.blocks import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    WARNING,
    Message,
    actions,
    button,
    context,
    echo,
    order_text,
    paragraphs,
    plain_line,
    tick,
    user,
    when,
)
from bot.commands import CancelJob, Flag, Word, control, number, record, text
from bot.errors import NotUnderstood
from bot.model.records import JobRecord, Records, RecordsQuery

SIGNS = {"succeeded": DONE, "refused": FAILED, "failed": FAILED, "running": RUNNING}
OPEN = frozenset({"queued", "running", "awaiting_approval", "awaiting_confirmation"})


@dataclass(frozen=True, slots=True)
class JobsArguments:
    """The arguments of ``jobs``."""

    last: Annotated[int, Flag(number("N", 1, 40), "number of recent jobs; jobs that run or wait are always listed")] = (
        10
    )


@dataclass(frozen=True, slots=True)
class JobArguments:
    """The arguments of ``job`` and ``cancel``."""

    id: Annotated[str, Word(text("ID"), "the job's id, as its message shows it")]


def _recent(arguments: JobsArguments) -> RecordsQuery:
    return RecordsQuery(jobs=arguments.last)


def _one(arguments: JobArguments) -> RecordsQuery:
    return RecordsQuery(job=arguments.id)


@record(
    "jobs",
    group="Records",
    help="List the jobs that run, wait or ended recently",
    example="jobs",
    permission="view",
    risk="none",
    approval=0,
    query=_recent,
)
def jobs(records: Records, _: JobsArguments) -> Message:
    """Return a line for each job, those that run or wait first."""
    listed = sorted(records.jobs, key=lambda job: job.state not in OPEN)
    count = sum(job.state in OPEN for job in listed)
    idle = f" · {WARNING} no worker is running: jobs wait until one starts" if not records.workers else ""
    title = f"{count} {'job runs or waits' if count == 1 else 'jobs run or wait'} in {records.cluster}"
    lines = [f"*{title}*{idle}", *(_line(job, order_text(job.words)) for job in listed)]
    if not listed:
        lines.append("No job was requested yet.")
    return Message(title, tuple(paragraphs(lines)))


@record(
    "job",
    group="Records",
    help="Show one job: its steps and its result",
    example="job k7f3",
    permission="view",
    risk="none",
    approval=0,
    query=_one,
)
def job(records: Records, arguments: JobArguments) -> Message:
    """Return everything that is known about a job."""
    found = records.job
    if found is None:
        raise NotUnderstood(f"Job {echo(arguments.id)} does not exist.", next_step="`/swarm jobs` lists recent jobs.")
    lines = [_line(found, tick(f"/swarm {found.words}")), *(line.timed for line in found.lines)]
    if found.outcome:
        lines.append(found.outcome)
    if found.cancel_by and found.state == "running":
        lines.append(f"{WARNING} {user(found.cancel_by)} cancelled it: it stops before its next step.")
    if found.untold:
        lines.append(f"{WARNING} A message about it was not delivered: {plain_line(found.untold)}.")
    blocks = [*paragraphs(lines), context(_times(found))]
    if found.state in OPEN:
        blocks.append(actions(button("Cancel", "job.cancel", found.id, style="danger")))
    return Message(f"Job {found.id}: {_state(found) if found.form_offered else found.state}", tuple(blocks))


@control(
    "cancel",
    group="Records",
    help="Cancel a job: at once while it waits, before its next step while it runs",
    example="cancel k7f3",
    permission="operate",
    risk="reversible",
    approval=0,
)
def cancel(arguments: JobArguments) -> CancelJob:
    """Return the order; the gate executes it."""
    return CancelJob(arguments.id)


def _line(job: JobRecord, words: str) -> str:
    sign = WAITING if job.form_offered else SIGNS.get(job.state, WAITING)
    line = f"{sign} {tick(job.id)} {words} · {_state(job)} · {user(job.requester)} {when(job.asked_at)}"
    return f"{line} · {WARNING} a message about it was not delivered" if job.untold else line


def _state(job: JobRecord) -> str:
    if job.form_offered:
        return "only offered the form for the secret"
    if job.state == "succeeded" and job.started_at:
        return f"succeeded in {job.finished_at - job.started_at:.1f} s"
    if job.after:
        return f"waits for its turn after job {tick(job.after)}"
    return plain_line(job.state.replace("_", " "))


def _times(job: JobRecord) -> str:
    parts = [f"requested {when(job.asked_at)}"]
    if job.started_at:
        again = f", attempt {job.attempt}: the process that ran it before stopped responding"
        parts.append(f"started {when(job.started_at)}{again if job.attempt > 1 else ''}")
    if job.finished_at:
        parts.append(f"finished {when(job.finished_at)}")
    return " · ".join(parts)
