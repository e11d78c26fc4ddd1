"""What all parts of the local Slack use: the JSON type, the errors and the clock."""

from __future__ import annotations

import time
from typing import Any

Json = dict[str, Any]
"""A JSON object as described in Slack's documentation. Models validate it where the bot sends it."""


class SlackError(Exception):
    """An error that the bot receives: ``{"ok": false, "error": code, …}``, with Slack's own codes."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        return {"ok": False, "error": self.code, **self.extra}


class InvalidBlocks(SlackError):
    """Blocks that Slack refuses; ``messages`` name each problem and its JSON pointer.

    ``of_fault``: the blocks are valid, and an injected fault refused them.
    """

    def __init__(self, messages: list[str], code: str = "invalid_blocks", *, of_fault: bool = False) -> None:
        super().__init__(code, errors=messages, response_metadata={"messages": [f"[ERROR] {m}" for m in messages]})
        self.messages = messages
        self.of_fault = of_fault


class CannotDo(Exception):
    """A test requests what no person can do in Slack: unknown user, not in the channel, unknown button."""


class Clock:
    """Slack's clock: real time plus an offset, so that tests can skip time.

    Request signatures do not use it: the bot compares them with its own clock.
    """

    def __init__(self) -> None:
        self.offset = 0.0
        self._last_ts = 0

    def now(self) -> float:
        """Return Slack's time in seconds since the epoch."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward by ``seconds``."""
        self.offset += seconds

    def ts(self) -> str:
        """Return a new message ``ts``: seconds and microseconds, unique and increasing."""
        self._last_ts = max(self._last_ts + 1, int(self.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"
