"""Periodic tasks of a process, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from bot.errors import SwarmbotError

MIN_RETRY_S: Final = 1.0
"""The least time between a run that failed and the next one."""

log = logging.getLogger(__name__)


class PeriodicTask:
    """Calls ``run_once`` at once and then every ``interval_s`` seconds, from ``start`` to ``stop``.

    An error of a run is logged, and the next run still comes: nobody would notice that the thread is gone. If run after
    run fails with the same SwarmbotError, it is logged once.
    """

    def __init__(self, name: str, run_once: Callable[[], object], interval_s: float) -> None:
        self._name = name
        self._run_once = run_once
        self._interval_s = interval_s
        self._logged = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread, which begins its first run."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Begin no further run, and wait up to ``timeout`` seconds for the running one, which may then be cut off."""
        self._stopping.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            ok = self._try_once()
            self._stopping.wait(self._interval_s if ok else max(self._interval_s, MIN_RETRY_S))

    def _try_once(self) -> bool:
        """Return whether the run succeeded."""
        try:
            self._run_once()
        except SwarmbotError as error:
            if str(error) != self._logged:
                log.warning("%s: %s", self._name, error)
            self._logged = str(error)
            return False
        except Exception:  # the next run may succeed after any error
            log.exception('The task "%s" failed.', self._name)
            return False
        self._logged = ""
        return True
