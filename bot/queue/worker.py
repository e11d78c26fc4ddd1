"""A worker: threads that take jobs and end each of them, even after an error."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from bot.errors import Defect, SwarmbotError, Unavailable
from bot.outbox.outgoing import Outgoing
from bot.queue import results
from bot.queue.heartbeat import Heartbeat, Outage
from bot.queue.job import Job
from bot.queue.lease import Lease, LeaseLost
from bot.queue.queue import Queue, Tell
from bot.store.keys import LANES, Lane

BLOCK_MS: Final = 1000
"""How long a thread waits for a job before it checks for jobs to reclaim, or whether the worker must stop."""
PAUSE_S: Final = 1.0
"""Seconds between two reclaims of a lane, and after an error."""
STOP_TIMEOUT_S: Final = 30.0

log = logging.getLogger(__name__)

Handle = Callable[[Lease], None]


class Worker:
    """Runs up to ``threads`` jobs of each lane at once.

    ``handle`` carries a job out and ends it through the queue. ``tell`` returns the messages about a job that ends
    otherwise (worker lost, or an error that ``handle`` raised). No other process may have this ``name``.
    """

    def __init__(self, queue: Queue, handle: Handle, name: str, threads: int = 8, tell: Tell | None = None) -> None:
        self._queue = queue
        self._handle = handle
        self._name = name
        self._tell = tell or _nobody
        self._outage = Outage()
        self._heartbeat = Heartbeat(queue, name, self._outage)
        self._stopping = threading.Event()
        self._reclaimed_at = dict.fromkeys(LANES, float("-inf"))
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(lane,), name=f"{name} {lane} {number}", daemon=True)
            for lane in LANES
            for number in range(threads)
        ]

    def start(self) -> None:
        """Begin to take jobs. Redis need not be reachable yet."""
        self._heartbeat.start()
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = STOP_TIMEOUT_S) -> bool:
        """Wait up to ``timeout`` seconds for running jobs and return whether all ended. After BLOCK_MS none begins.

        Another worker takes what still runs, once this process is gone and the lease has expired.
        """
        self._stopping.set()
        deadline = monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
        ended = not any(thread.is_alive() for thread in self._threads)
        if ended:
            self._heartbeat.stop(timeout=PAUSE_S)
        return ended

    def _work(self, lane: Lane) -> None:
        while not self._stopping.is_set():
            try:
                lease = self._next(lane)
                self._outage.end()
                if lease:
                    self._run(lease)
            except Unavailable as error:
                self._outage.begin(error)
                self._stopping.wait(PAUSE_S)
            except Exception:  # nobody would notice that the thread is gone
                log.exception("A worker thread failed.")
                self._stopping.wait(PAUSE_S)

    def _next(self, lane: Lane) -> Lease | None:
        if self._heartbeat.settled and self._may_reclaim(lane):
            lease, failed = self._queue.reclaim(self._name, lane, self._told)
            for job in failed:
                log.error("Job %s failed: its workers were lost.", job.id)
            if lease:
                log.warning("Job %s was reclaimed, attempt %d.", lease.job.id, lease.job.attempt)
                return lease
        return self._queue.take(self._name, lane, BLOCK_MS)

    def _may_reclaim(self, lane: Lane) -> bool:
        with self._lock:
            now = monotonic()
            due = now - self._reclaimed_at[lane] >= PAUSE_S
            if due:
                self._reclaimed_at[lane] = now
            return due

    def _run(self, lease: Lease) -> None:
        with self._heartbeat.renewing(lease):
            try:
                self._handle(lease)
                self._ended(lease)
            except LeaseLost:
                log.warning("Job %s is no longer this worker's.", lease.job.id)
            except Unavailable:
                log.warning("Job %s will be reclaimed when its lease has expired.", lease.job.id)
                raise
            except SwarmbotError as error:
                self._fail(lease, error)
            except Exception:  # after any error the job ends and its requester gets an answer
                defect = Defect(secrets.token_hex(4))
                log.exception("Job %s failed because of a defect, reference %s.", lease.job.id, defect.reference)
                self._fail(lease, defect)

    def _ended(self, lease: Lease) -> None:
        job = self._queue.get(lease.job.id)
        if job and job.state == "running" and job.fence == lease.fence:
            raise RuntimeError("the handler returned without ending the job")

    def _fail(self, lease: Lease, error: SwarmbotError) -> None:
        try:
            entry = lease.audit_entry("ended", f"failed: {error.happened}")
            self._queue.finish(lease, "failed", results.failure(error), [entry], self._told(lease.job, error))
        except LeaseLost:
            log.warning("Job %s is no longer this worker's.", lease.job.id)

    def _told(self, job: Job, error: SwarmbotError) -> Sequence[Outgoing]:
        try:
            return self._tell(job, error)
        except Exception:  # the job ends whether or not its message can be made
            log.exception("The message about the end of job %s could not be made.", job.id)
            return ()


def _nobody(_job: Job, _error: SwarmbotError) -> Sequence[Outgoing]:
    return ()
