"""The right to work on a job until a time-out, and what a script replies to its holder."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.audit import Entry
from bot.queue.job import Job


class LeaseLost(Exception):
    """Another worker has the job, or the job has ended.

    The worker that gets this stops working on it and writes nothing.
    """

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} is no longer this worker's")


class CancelRequested(Exception):
    """``by`` cancelled the job: the worker that gets this ends it as cancelled."""

    def __init__(self, job_id: str, by: str) -> None:
        super().__init__(f"job {job_id} is cancelled")
        self.by = by


@dataclass(frozen=True, slots=True)
class Lease:
    """A job that one worker holds."""

    job: Job
    """The job as it was when the lease began."""
    fence: int
    """Grows with each lease of the job. A write counts only if the job still has this fence."""
    stream_id: str
    """The id of the job's entry in its lane's stream."""
    worker: str
    lost: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)
    """Set as soon as the worker knows that it no longer holds the lease."""

    def audit_entry(self, action: str, detail: str, *, channel: str = "") -> Entry:
        """Return an audit entry about the job, by this worker."""
        return self.job.order.audit_entry(action, self.worker, detail, channel=channel)


def check_reply(lease: Lease, reply: list[Any]) -> None:
    """Raise LeaseLost (after setting ``lease.lost``) or CancelRequested if a script's reply says so."""
    match reply:
        case ["lost", *_]:
            lease.lost.set()
            raise LeaseLost(lease.job.id)
        case ["stop", by]:
            raise CancelRequested(lease.job.id, by)


class Reclaimed(NamedTuple):
    """The jobs that were taken over from workers that are gone."""

    lease: Lease | None
    failed: list[Job]
    """Jobs that had no attempt left. They have ended."""


class Admission(NamedTuple):
    """How a request became a job."""

    job_id: str
    duplicate: bool
    """Another delivery of the same request came first; ``job_id`` is its job."""
    ahead: str
    """The id of the job after whose end this one starts; "" if none is ahead."""
    workers: int
    """The number of workers with a fresh heartbeat."""
