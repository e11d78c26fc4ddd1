"""A time without Redis: logged once when it begins and once when it ends, however many threads meet it."""

from __future__ import annotations

import logging
import threading
from time import monotonic

from bot.errors import Unavailable

log = logging.getLogger(__name__)


class Outage:
    """Whether Redis answers, as the threads of one process see it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None

    def met(self, error: Unavailable) -> None:
        """Redis did not answer."""
        with self._lock:
            if self._since is None:
                self._since = monotonic()
                log.warning("%s Trying again until it does.", error.happened)

    def over(self) -> None:
        """Redis answered."""
        if self._since is None:
            return
        with self._lock:
            if self._since is not None:
                log.warning("Redis answers again, after %.0f s.", monotonic() - self._since)
                self._since = None
