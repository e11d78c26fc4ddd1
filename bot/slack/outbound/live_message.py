"""A message that shows the progress of a job: edited within Slack's rate limits, and always left in the last state."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Condition, Thread
from typing import Final

from bot.blocks.message import Message
from bot.slack.outbound.notifier import Notifier, Undelivered

EDIT_INTERVAL_S: Final = 1.5
LAST_STATE_TIMEOUT_S: Final = 120.0
MIN_PAUSE_S: Final = 1.0
MAX_PAUSE_S: Final = 20.0

log = logging.getLogger(__name__)


class LiveMessage:
    """One message in a channel, posted at the first :meth:`show` unless ``ts`` names an existing one.

    A separate thread sends it; :meth:`show` only hands over the newest state, so a slow Slack never delays the job.
    States between two edits are skipped. ``posted`` is called in that thread when the ts is known, and again if it
    changes; it must not raise. End it with :meth:`end`, or with :meth:`abandon` if another process continues the
    message.
    """

    def __init__(
        self,
        notifier: Notifier,
        channel: str,
        ts: str = "",
        *,
        edit_interval_s: float = EDIT_INTERVAL_S,
        last_state_timeout_s: float = LAST_STATE_TIMEOUT_S,
        posted: Callable[[], None] = lambda: None,
    ) -> None:
        self._notifier = notifier
        self._channel = channel
        self._edit_interval_s = edit_interval_s
        self._last_state_timeout_s = last_state_timeout_s
        self._posted = posted
        self._changed = Condition()
        self._ts = ts
        self._next: Message | None = None
        self._ended = False
        self._abandoned = False
        self._delivered = False
        self._thread = Thread(target=self._run, name=f"live-{channel}", daemon=True)
        self._thread.start()

    @property
    def ts(self) -> str:
        """The message's ts; "" before it was posted."""
        with self._changed:
            return self._ts

    def show(self, message: Message) -> None:
        """Show this state soon. Does not block or raise."""
        with self._changed:
            if not self._ended:
                self._next = message
                self._changed.notify_all()

    def end(self, message: Message | None = None, wait: float = 10.0) -> bool:
        """Show the last state (default: the newest one) and stop; return whether Slack accepted it in ``wait`` seconds.

        If not, the thread retries for ``last_state_timeout_s`` and logs a failure.
        """
        with self._changed:
            self._next = message or self._next
            self._ended = True
            self._changed.notify_all()
        self._thread.join(wait)
        return self._delivered

    def abandon(self) -> None:
        """Show nothing more, not even a state that waits. Does not block or raise."""
        with self._changed:
            self._next = None
            self._ended = self._abandoned = True
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._next is not None)
                if self._ended:
                    break
                message, self._next = self._next, None
            if message is not None:
                self._try(message)
            with self._changed:
                self._changed.wait_for(lambda: self._ended, self._edit_interval_s)
        self._finish()

    def _finish(self) -> None:
        """Deliver the last state, with growing pauses, until the timeout."""
        deadline, pause = time.monotonic() + self._last_state_timeout_s, MIN_PAUSE_S
        message = self._next
        while message is not None and not self._try(message):
            if time.monotonic() + pause > deadline:
                log.error("the last state of message %s in %s could not be shown", self._ts or "(new)", self._channel)
                return
            time.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE_S)
        self._delivered = True

    def _try(self, message: Message) -> bool:
        """Send, and return whether Slack accepted it. Otherwise keep the message, unless there is a newer one."""
        try:
            if self._ts:
                ts = self._notifier.update(self._channel, self._ts, message)
            else:
                ts = self._notifier.post(self._channel, message)
        except Undelivered as error:
            log.warning("live message in %s: %s", self._channel, error.reason)
            with self._changed:
                if not self._abandoned:
                    self._next = self._next or message
            return False
        with self._changed:
            another, self._ts = ts != self._ts, ts
        if another:
            self._posted()
        return True
