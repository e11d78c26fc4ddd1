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
    escape,
    paragraphs,
    tick,
    user,
    when,
)
from bot.commands import CancelJob, Flag, Word, control, number, record, text
from bot.errors import NotUnderstood
from bot.model.records import JobRecord, Records, RecordsQuery

SIGNS = {"succeeded": DONE, "failed": FAILED, "running": RUNNING, "queued": WAITING, "awaiting_approval": WAITING}
OPEN = frozenset({"queued", "running", "awaiting_approval"})


@dataclass(frozen=True, slots=True)
class JobsArguments:
    """The words of ``jobs``."""

    last: Annotated[int, Flag(number("N", 1, 40), "how many of the newest; what is under way is always there")] = 10


@dataclass(frozen=True, slots=True)
class JobArguments:
    """The words of ``job`` and ``cancel``."""

    id: Annotated[str, Word(text("ID"), "a job's id, as its message shows it")]


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
    """A line a job, those that have not ended first."""
    listed = sorted(records.jobs, key=lambda job: job.state not in OPEN)
    going = sum(job.state in OPEN for job in listed)
    idle = f" {WARNING} No worker is running: nothing will be carried out." if not records.workers else ""
    title = f"{going} job{'' if going == 1 else 's'} under way in {records.cluster}"
    lines = [f"*{title}*{idle}", *(_line(job) for job in listed)]
    if not listed:
        lines.append("Nothing was asked for yet.")
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
    """Everything that is known of a job."""
    found = records.job
    if found is None:
        raise NotUnderstood(f"There is no job {tick(arguments.id)}.", next_step="`/swarm jobs` lists the newest.")
    lines = [_line(found), *(f"{sign} {words}" for sign, words in found.lines)]
    if found.outcome:
        lines.append(found.outcome)
    if found.cancel_by and found.state == "running":
        lines.append(f"{WARNING} {user(found.cancel_by)} asked to stop it: it stops before its next step.")
    blocks = [*paragraphs(lines), context(*_times(found))]
    if found.state in OPEN:
        blocks.append(actions(button("Cancel", "job.cancel", found.id, style="danger")))
    return Message(f"Job {found.id}: {found.state}", tuple(blocks))


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
    """The gate carries it out."""
    return CancelJob(arguments.id)


def _line(found: JobRecord) -> str:
    sign = SIGNS.get(found.state, WAITING)
    words = tick(f"/swarm {found.words}")
    return f"{sign} {tick(found.id)} {words} · {_state(found)} · {user(found.requester)} {when(found.asked_at)}"


def _state(found: JobRecord) -> str:
    if found.state == "succeeded" and found.started_at:
        return f"succeeded in {found.finished_at - found.started_at:.1f} s"
    return escape(found.state.replace("_", " "))


def _times(found: JobRecord) -> list[str]:
    parts = [f"asked {when(found.asked_at)}"]
    if found.started_at:
        parts.append(f"started {when(found.started_at)} by {escape(found.worker)}, attempt {found.attempt}")
    if found.finished_at:
        parts.append(f"ended {when(found.finished_at)}")
    return parts
