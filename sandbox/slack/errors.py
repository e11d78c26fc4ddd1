"""What goes wrong in the local Slack: answers to the bot, and mistakes of a test."""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """A refusal that the bot receives: ``{"ok": false, "error": code, …}``, with Slack's own codes."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        return {"ok": False, "error": self.code, **self.extra}


class InvalidBlocks(SlackError):
    """Blocks that Slack would not take; ``messages`` say what is wrong and where (a JSON pointer)."""

    def __init__(self, messages: list[str], code: str = "invalid_blocks") -> None:
        super().__init__(code, errors=messages, response_metadata={"messages": [f"[ERROR] {m}" for m in messages]})
        self.messages = messages


class CannotDo(Exception):
    """A person could not do this in Slack: no such user, not in that channel, no such button to press."""
