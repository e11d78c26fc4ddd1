"""The bot's web and socket processes with a test's gate, which writes to a real Redis before it answers.

Run as ``python -m tests.kits.inbound_process web|socket``, with the bot's environment variables.
"""

from __future__ import annotations

import sys

from redis import Redis

from bot import blocks
from bot.errors import Refused
from bot.settings import Settings
from bot.slack.inbound.requests import MentionRequest, PressRequest, SlashRequest, SubmitRequest
from bot.slack.inbound.socket_mode import run_socket
from bot.slack.inbound.web import run_web
from bot.slack.outbound.notifier import Notifier
from bot.store.client import WEB_TIMEOUTS, connect, translate_errors

JOBS = "test:jobs"


class StoringGate:
    """Stores each request once under its key; some texts make it fail like the real gate."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def submit(self, request: SubmitRequest) -> blocks.Message | None:
        """Store a form."""
        self._store(request.request_key, request.callback)
        return None

    def slash(self, request: SlashRequest) -> blocks.Message | None:
        """Store a command; `quiet` has no answer, `boom` raises an error, `no` is refused."""
        if request.text == "boom":
            raise RuntimeError("a defect with SWMTKN-1-in-its-text")
        if request.text == "no":
            raise Refused("this is for admins.", next_step="Ask one of them.")
        self._store(request.request_key, request.text)
        if request.text == "quiet":
            return None
        press = blocks.button("Press", "press", "opaque-1")
        return blocks.Message("On it.", [blocks.section("On it."), blocks.actions(press)])

    def home_opened(self, user: str, *, empty: bool) -> None:
        """Take an opened Home."""
        del user, empty

    def mention(self, request: MentionRequest) -> blocks.Message | None:
        """Store the command of a message."""
        return self.slash(request.command)

    def press(self, request: PressRequest) -> blocks.Message | None:
        """Store a press of a button."""
        self._store(request.request_key, f"{request.action} {request.value}")
        return blocks.Message("Pressed.", [blocks.section("Pressed.")])

    def _store(self, key: str, words: str) -> None:
        with translate_errors():
            if self._redis.set(f"test:seen:{key}", 1, nx=True):
                self._redis.rpush(JOBS, words)


def open_gate(settings: Settings, notifier: Notifier) -> StoringGate:
    """Create the gate of a process."""
    del notifier
    return StoringGate(connect(settings.redis_url, WEB_TIMEOUTS))


def main() -> None:
    """Serve like the bot's process of that name."""
    settings = Settings.from_environment()
    {"web": run_web, "socket": run_socket}[sys.argv[1]](settings, open_gate)


if __name__ == "__main__":
    main()
