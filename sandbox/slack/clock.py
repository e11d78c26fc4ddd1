"""Slack's clock: real time plus an offset, so that half an hour can pass at once."""

from __future__ import annotations

import time


class Clock:
    """Seconds since the epoch; ``advance`` moves it forward.

    Request signatures do not use it: the bot checks those against its own clock.
    """

    def __init__(self) -> None:
        self.offset = 0.0
        self._last_ts = 0

    def now(self) -> float:
        """Return the time as Slack sees it."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.offset += seconds

    def ts(self) -> str:
        """Return a message's ``ts``: seconds and microseconds, never the same twice, always growing."""
        self._last_ts = max(self._last_ts + 1, int(self.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"
