"""A message that follows a job: edited no oftener than Slack likes, and always left with the last state."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Condition, Thread
from typing import Final

from bot.blocks.message import Message
from bot.slack.outbound.notifier import Notifier, Undelivered

EVERY: Final = 1.5
PATIENCE: Final = 120.0
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 20.0

log = logging.getLogger(__name__)


class LiveMessage:
    """One message in a channel, posted at the first :meth:`show` unless ``ts`` names one that is there already.

    A thread of its own sends; :meth:`show` only leaves the newest state for it, so a slow or silent Slack never holds
    up the job. States between two edits are skipped. ``every`` and ``patience`` are seconds. ``posted`` is called in
    that thread once there is a ts to keep, and again if it becomes another; it must not raise. End it with :meth:`end`,
    or with :meth:`abandon` when the message is somebody else's from now on.
    """

    def __init__(
        self,
        notifier: Notifier,
        channel: str,
        ts: str = "",
        *,
        every: float = EVERY,
        patience: float = PATIENCE,
        posted: Callable[[], None] = lambda: None,
    ) -> None:
        self._notifier = notifier
        self._channel = channel
        self._every = every
        self._patience = patience
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
        """The message's ts, or nothing while it has not been posted."""
        with self._changed:
            return self._ts

    def show(self, message: Message) -> None:
        """Show this state soon; never blocks, never raises."""
        with self._changed:
            if not self._ended:
                self._next = message
                self._changed.notify_all()

    def end(self, message: Message | None = None, wait: float = 10.0) -> bool:
        """Show the last state (by default the newest one shown) and stop; return whether Slack took it within ``wait``.

        If not, it is tried for ``patience`` seconds more beside whatever runs next, and the log says how that ended.
        """
        with self._changed:
            self._next = message or self._next
            self._ended = True
            self._changed.notify_all()
        self._thread.join(wait)
        return self._delivered

    def abandon(self) -> None:
        """Show nothing more, not even what was left to be shown; never blocks, never raises."""
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
                self._changed.wait_for(lambda: self._ended, self._every)
        self._finish()

    def _finish(self) -> None:
        """Deliver the last state, with pauses that grow, until patience is at its end."""
        deadline, pause = time.monotonic() + self._patience, FIRST_PAUSE
        message = self._next
        while message is not None and not self._try(message):
            if time.monotonic() + pause > deadline:
                log.error("the last state of message %s in %s could not be shown", self._ts or "(new)", self._channel)
                return
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        self._delivered = True

    def _try(self, message: Message) -> bool:
        """Send, and say whether Slack took it. What it did not take is kept, unless there is a newer state by now."""
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
