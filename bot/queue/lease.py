"""The right to work on a job for a while."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.queue.job import Job


class LeaseLost(Exception):
    """Another worker has the job, or it has ended: whoever meets this stops working on it and writes nothing."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} is no longer this worker's")


class ToldToStop(Exception):
    """``by`` has cancelled the job: whoever meets this ends it as cancelled."""

    def __init__(self, job_id: str, by: str) -> None:
        super().__init__(f"job {job_id} is cancelled")
        self.by = by


@dataclass(frozen=True, slots=True)
class Lease:
    """A job in the hands of one worker. ``job`` is as it was when the lease began.

    ``fence`` must be the job's own for a write to count; ``entry`` is the id in the stream. ``lost`` is set as soon as
    the worker knows that the lease is gone.
    """

    job: Job
    fence: int
    entry: str
    worker: str
    lost: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)


def held(lease: Lease, reply: list[Any]) -> None:
    """Raise what a script's answer means: LeaseLost (and ``lease.lost`` is set), ToldToStop, or nothing."""
    match reply:
        case ["lost", *_]:
            lease.lost.set()
            raise LeaseLost(lease.job.id)
        case ["stop", by]:
            raise ToldToStop(lease.job.id, by)


class Reclaimed(NamedTuple):
    """What was taken over from workers that are gone: at most one lease, and jobs that are out of attempts."""

    lease: Lease | None
    failed: list[Job]


class Admission(NamedTuple):
    """How a request became a job.

    ``duplicate``: another delivery of the same request was first, and this is its job. ``ahead``: the id of the change
    after whose end this one starts, "" when nothing is ahead. ``workers``: how many are alive.
    """

    job_id: str
    duplicate: bool
    ahead: str
    workers: int
