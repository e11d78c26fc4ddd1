"""The heartbeat of a worker: renews the leases of its running jobs and reports that it is alive."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from bot.errors import Unavailable
from bot.queue.lease import Lease, LeaseLost
from bot.queue.queue import Queue

INTERVAL_S: Final = 1.0
SETTLE_S: Final = 3 * INTERVAL_S
"""How long after an outage nobody reclaims jobs, so that live workers renew their leases first."""

log = logging.getLogger(__name__)


class Outage:
    """Whether Redis responds to the threads of one process. An outage is logged when it begins and when it ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None

    def begin(self, error: Unavailable) -> None:
        """Note that Redis did not respond."""
        with self._lock:
            if self._since is None:
                self._since = monotonic()
                log.warning("%s Retrying until it responds.", error.happened)

    def end(self) -> None:
        """Note that Redis responded."""
        if self._since is None:
            return
        with self._lock:
            if self._since is not None:
                log.warning("Redis responds again, after %.0f s.", monotonic() - self._since)
                self._since = None


class Heartbeat:
    """Beats once per INTERVAL_S in a thread of its own, from ``start`` to ``stop``."""

    def __init__(self, queue: Queue, worker: str, outage: Outage) -> None:
        self._queue = queue
        self._worker = worker
        self._outage = outage
        self._lock = threading.Lock()
        self._leases: dict[int, Lease] = {}
        self._failed_at = float("-inf")
        self._joined = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{worker} heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Stop beating and report that the worker is gone. Waits up to ``timeout`` seconds."""
        self._stopping.set()
        self._thread.join(timeout)

    @property
    def settled(self) -> bool:
        """Whether heartbeats have succeeded for long enough to assume that other workers' have too."""
        return monotonic() - self._failed_at > SETTLE_S

    @contextmanager
    def renewing(self, lease: Lease) -> Iterator[None]:
        """Renew ``lease`` while the block runs, or until it is lost."""
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
                self._beat()
            except Unavailable as error:
                self._outage.begin(error)
                self._failed_at = monotonic()
            except Exception:  # without a heartbeat this worker would lose jobs that run well
                log.exception("A heartbeat failed.")
            if self._stopping.wait(INTERVAL_S):
                break
        try:
            self._queue.registry.leave(self._worker)
        except Unavailable as error:
            self._outage.begin(error)

    def _beat(self) -> None:
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
        self._outage.end()
