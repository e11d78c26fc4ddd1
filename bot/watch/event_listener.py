"""The event stream of the manager that was read last; it is opened again after it breaks."""

from __future__ import annotations

import logging
import time
from threading import Event
from typing import Final

from bot.errors import EngineError, HostUnreachable
from bot.model import Engines, EventStream

FIRST_BACKOFF_S: Final = 1.0
MAX_BACKOFF_S: Final = 30.0

log = logging.getLogger(__name__)


class EventListener:
    """For one thread."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._stream: EventStream | None = None
        self._manager = ""
        self._backoff_s = 0.0
        self._retry_at = 0.0

    @property
    def is_listening(self) -> bool:
        """Whether a stream is open."""
        return self._stream is not None

    def listen_to(self, manager: str) -> None:
        """Listen to this manager, which was just read; "": to no manager. Opens no stream while it backs off.

        What changes between a reading and the opening is found by the next reading.
        """
        if manager != self._manager:
            self.close()
            self._manager, self._backoff_s, self._retry_at = manager, 0.0, 0.0
        if not manager or self._stream is not None or time.monotonic() < self._retry_at:
            return
        try:
            self._stream = self._engines[manager].events()
        except (EngineError, HostUnreachable) as error:
            self._failed(error)

    def wait_for_event(self, timeout_s: float, stopping: Event) -> bool:
        """Return whether the cluster must be read now: an event came within ``timeout_s`` seconds, or the stream broke.

        Without a stream it waits and returns False.
        """
        if self._stream is None:
            stopping.wait(timeout_s)
            return False
        try:
            event_came = self._stream.wait(timeout_s)
        except (EngineError, HostUnreachable) as error:
            self._failed(error)
            return True
        if event_came:
            self._backoff_s = 0.0
        return event_came

    def close(self) -> None:
        """Close the stream."""
        if self._stream is not None:
            self._stream.close()
        self._stream = None

    def _failed(self, error: Exception) -> None:
        log.info("The event stream of %s broke: %s", self._manager, error)
        self.close()
        self._backoff_s = min(max(2 * self._backoff_s, FIRST_BACKOFF_S), MAX_BACKOFF_S)
        self._retry_at = time.monotonic() + self._backoff_s
