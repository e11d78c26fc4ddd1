"""A worker: threads that take jobs and give each an end, whatever happens in between."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

from bot.errors import Defect, SwarmbotError, Unavailable
from bot.queue import results
from bot.queue.heartbeat import Heartbeat
from bot.queue.job import Job
from bot.queue.lease import Lease, LeaseLost
from bot.queue.outage import Outage
from bot.queue.queue import Queue
from bot.store.keys import LANES, Lane

BLOCK_MS: Final = 1000
PAUSE: Final = 1.0
GRACE: Final = 30.0

log = logging.getLogger(__name__)

Handle = Callable[[Lease], None]
Tell = Callable[[Job], None]


class Worker:
    """Runs up to ``threads`` questions and, beside them, up to ``threads`` changes at once.

    ``handle`` carries a job out and ends it through the queue. ``tell`` is called with each job that ended otherwise
    (worker lost, or an error that ``handle`` let through), so that the person can be told. ``name`` must be this
    process's alone.
    """

    def __init__(self, queue: Queue, handle: Handle, name: str, threads: int = 8, tell: Tell | None = None) -> None:
        self._queue = queue
        self._handle = handle
        self._name = name
        self._tell = tell
        self._outage = Outage()
        self._keeper = Heartbeat(queue, name, self._outage)
        self._stopping = threading.Event()
        self._looked = dict.fromkeys(LANES, float("-inf"))
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(lane,), name=f"{name} {lane} {number}", daemon=True)
            for lane in LANES
            for number in range(threads)
        ]

    def start(self) -> None:
        """Begin to take jobs; Redis need not be there yet."""
        self._keeper.start()
        for thread in self._threads:
            thread.start()

    def stop(self, grace: float = GRACE) -> bool:
        """Wait up to ``grace`` seconds for the jobs that run; whether all have ended. None begins later than BLOCK_MS.

        What still runs then is another worker's as soon as this process has gone and the lease has run out.
        """
        self._stopping.set()
        deadline = monotonic() + grace
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
        ended = not any(thread.is_alive() for thread in self._threads)
        if ended:
            self._keeper.stop(timeout=PAUSE)
        return ended

    def _work(self, lane: Lane) -> None:
        while not self._stopping.is_set():
            try:
                lease = self._next(lane)
                self._outage.over()
                if lease:
                    self._run(lease)
            except Unavailable as error:
                self._outage.met(error)
                self._stopping.wait(PAUSE)
            except Exception:  # a thread that dies would be missed by nobody
                log.exception("A worker's thread met an error.")
                self._stopping.wait(PAUSE)

    def _next(self, lane: Lane) -> Lease | None:
        if self._keeper.settled and self._may_look(lane):
            lease, failed = self._queue.reclaim(self._name, lane)
            for job in failed:
                log.error("Job %s has failed: its workers were lost.", job.id)
                self._told(job)
            if lease:
                log.warning("Job %s is taken over, attempt %d.", lease.job.id, lease.job.attempt)
                return lease
        return self._queue.take(self._name, lane, BLOCK_MS)

    def _may_look(self, lane: Lane) -> bool:
        with self._lock:
            now = monotonic()
            due = now - self._looked[lane] >= PAUSE
            if due:
                self._looked[lane] = now
            return due

    def _run(self, lease: Lease) -> None:
        with self._keeper.keeping(lease):
            try:
                self._handle(lease)
                self._ended(lease)
            except LeaseLost:
                log.warning("Job %s is no longer ours.", lease.job.id)
            except Unavailable:
                log.warning("Job %s is left to be taken again when its lease has run out.", lease.job.id)
                raise
            except SwarmbotError as error:
                self._fail(lease, error)
            except Exception:  # whatever is raised, the job gets an end and its asker an answer
                defect = Defect(secrets.token_hex(4))
                log.exception("Job %s met a defect, reference %s.", lease.job.id, defect.reference)
                self._fail(lease, defect)

    def _ended(self, lease: Lease) -> None:
        job = self._queue.get(lease.job.id)
        if job and job.state == "running" and job.fence == lease.fence:
            raise RuntimeError("the job was handled and yet has no end")

    def _fail(self, lease: Lease, error: SwarmbotError) -> None:
        try:
            entry = lease.audit_entry("ended", f"failed: {error.happened}")
            self._queue.finish(lease, "failed", results.of_error(error), [entry])
        except LeaseLost:
            log.warning("Job %s is no longer ours.", lease.job.id)
            return
        job = self._queue.get(lease.job.id)
        if job:
            self._told(job)

    def _told(self, job: Job) -> None:
        if self._tell is None:
            return
        try:
            self._tell(job)
        except Exception:  # the job has ended; that it could not be told must not harm the next one
            log.exception("The end of job %s could not be told.", job.id)
