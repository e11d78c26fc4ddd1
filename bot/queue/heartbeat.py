"""The heartbeat of a worker: renews the leases of its running jobs and says that it is alive."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from bot.errors import Unavailable
from bot.queue.lease import Lease, LeaseLost
from bot.queue.outage import Outage
from bot.queue.queue import Queue

TICK: Final = 1.0
SETTLE: Final = 3 * TICK
"""Seconds after an outage in which nobody reclaims, so that workers that live can renew what they hold first."""

log = logging.getLogger(__name__)


class Heartbeat:
    """Ticks once a second in a thread of its own, from ``start`` to ``stop``."""

    def __init__(self, queue: Queue, worker: str, outage: Outage) -> None:
        self._queue = queue
        self._worker = worker
        self._outage = outage
        self._lock = threading.Lock()
        self._leases: dict[int, Lease] = {}
        self._failed_at = float("-inf")
        self._joined = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{worker} keeper", daemon=True)

    def start(self) -> None:
        """Begin to tick."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Stop ticking and say that the worker is gone; waits up to ``timeout`` seconds."""
        self._stopping.set()
        self._thread.join(timeout)

    @property
    def settled(self) -> bool:
        """Whether heartbeats have come through for long enough to believe that others' have too."""
        return monotonic() - self._failed_at > SETTLE

    @contextmanager
    def keeping(self, lease: Lease) -> Iterator[None]:
        """Renew ``lease`` for as long as the block runs, or until it is lost."""
        with self._lock:
            self._leases[id(lease)] = lease
        try:
            yield
        finally:
            with self._lock:
                self._leases.pop(id(lease), None)

    def _run(self) -> None:
        while True:
            try:
                self._tick()
            except Unavailable as error:
                self._outage.met(error)
                self._failed_at = monotonic()
            except Exception:  # a heartbeat that dies would take healthy jobs from this worker
                log.exception("A heartbeat failed.")
            if self._stopping.wait(TICK):
                break
        try:
            self._queue.registry.leave(self._worker)
        except Unavailable as error:
            self._outage.met(error)

    def _tick(self) -> None:
        with self._lock:
            leases = [lease for lease in self._leases.values() if not lease.lost.is_set()]
        for lease in leases:
            try:
                self._queue.renew(lease)
            except LeaseLost:
                log.warning("The lease of job %s is lost.", lease.job.id)
        if not self._joined:
            self._queue.registry.join()
            self._joined = True
        self._queue.registry.beat(self._worker)
        self._outage.over()
