"""What a process does again and again beside its jobs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from bot.errors import SwarmbotError

PAUSE: Final = 1.0
"""Seconds that the next turn waits at least after one that met an error."""

log = logging.getLogger(__name__)


class PeriodicTask:
    """A thread that calls ``turn`` at once and then every ``every`` seconds, from ``start`` to ``stop``.

    An error of a turn is logged and the next turn comes all the same: a thread that dies would be missed by nobody.
    The same SwarmbotError turn after turn is logged once.
    """

    def __init__(self, name: str, turn: Callable[[], object], every: float) -> None:
        self._name = name
        self._turn = turn
        self._every = every
        self._said = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin with the first turn."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Begin no other turn; waits up to ``timeout`` seconds for the one that runs, which may then be cut off."""
        self._stopping.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(self._every if self._goes_well() else max(self._every, PAUSE))

    def _goes_well(self) -> bool:
        try:
            self._turn()
        except SwarmbotError as error:
            if str(error) != self._said:
                log.warning("%s: %s", self._name, error)
            self._said = str(error)
            return False
        except Exception:  # whatever it is, the next turn may go well
            log.exception("The %s met an error.", self._name)
            return False
        self._said = ""
        return True
