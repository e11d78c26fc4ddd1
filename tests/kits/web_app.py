"""The web process's WSGI application over a gate that only listens, and requests signed as Slack signs them."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from redis import Redis
from slack_sdk.signature import SignatureVerifier

from bot import blocks
from bot.slack.inbound.readiness import Readiness
from bot.slack.inbound.requests import GateLike, MentionRequest, PressRequest, SlashRequest, SubmitRequest
from bot.slack.inbound.routes import Routes
from bot.slack.inbound.signature_log import SignatureLog
from bot.slack.inbound.web import EVENTS, Web
from bot.slack.outbound.notifier import Notifier

SECRET: Final = "shh"  # noqa: S105 - the test's own
COMMAND: Final = {
    "command": "/swarm",
    "text": "status",
    "user_id": "U0ADA",
    "channel_id": "C0PROD",
    "trigger_id": "1.2",
    "response_url": "https://hooks.slack.com/commands/1",
}
SUBMISSION: Final[dict[str, Any]] = {
    "type": "view_submission",
    "user": {"id": "U0ADA"},
    "view": {
        "type": "modal",
        "callback_id": "deny",
        "id": "V1",
        "hash": "1.abc",
        "private_metadata": "k7f3",
        "title": {"type": "plain_text", "text": "Deny"},
        "state": {"values": {"reason": {"reason": {"type": "plain_text_input", "value": "not today"}}}},
    },
}
EVENT: Final[dict[str, Any]] = {
    "type": "event_callback",
    "team_id": "T1",
    "event_id": "Ev1",
    "event": {"type": "app_home_opened", "user": "U0ADA", "channel": "D1"},
}
MENTION: Final[dict[str, Any]] = {
    "type": "event_callback",
    "team_id": "T1",
    "event_id": "Ev2",
    "event_time": 1700000000,
    "authorizations": [{"team_id": "T1", "user_id": "U0SWARM", "is_bot": True}],
    "event": {
        "type": "app_mention",
        "user": "U0ADA",
        "text": "<@U0SWARM> status",
        "ts": "17.5",
        "channel": "C0PROD",
        "team": "T1",
        "event_ts": "17.5",
    },
}
SHORTCUT: Final[dict[str, Any]] = {
    "type": "shortcut",
    "user": {"id": "U0ADA"},
    "callback_id": "menu",
    "trigger_id": "3.5",
    "action_ts": "9.8",
}
PRESS: Final[dict[str, Any]] = {
    "type": "block_actions",
    "user": {"id": "U0ADA"},
    "channel": {"id": "C0PROD"},
    "container": {"type": "message", "message_ts": "1.5", "channel_id": "C0PROD"},
    "trigger_id": "3.4",
    "response_url": "https://hooks.slack.com/actions/1",
    "actions": [{"type": "button", "action_id": "retry#2", "block_id": "b", "value": "k7f3", "action_ts": "9.9"}],
}


class ListeningGate:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[SlashRequest | MentionRequest | PressRequest | SubmitRequest] = []

    def submit(self, request: SubmitRequest) -> blocks.Message | None:
        """Take a form."""
        self.asked.append(request)
        return None

    def slash(self, request: SlashRequest) -> blocks.Message | None:
        """Take a command."""
        self.asked.append(request)
        return blocks.Message("On it.", [blocks.section("On it.")])

    def home_opened(self, user: str, *, empty: bool) -> None:
        """Take an opened Home."""
        del user, empty

    def mention(self, request: MentionRequest) -> blocks.Message | None:
        """Take a message."""
        self.asked.append(request)
        return None

    def press(self, request: PressRequest) -> blocks.Message | None:
        """Take a press."""
        self.asked.append(request)
        return None


@contextmanager
def serving(gate: GateLike, notifier: Notifier, redis_url: str, folder: Path) -> Iterator[Web]:
    """The WSGI application over a gate, a real Redis, and no swarmbot.yml. At the end all answers were sent."""
    routes = Routes(gate, notifier, SECRET)
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        yield Web(routes, SECRET, Readiness(redis, folder / "swarmbot.yml"), SignatureLog(redis))
    routes.close()


def signed(body: bytes, age: float = 0, secret: str = SECRET) -> dict[str, str]:
    """The headers that Slack sends with a body."""
    timestamp = str(int(time.time() - age))
    signature = str(SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body.decode("latin-1")))
    return {"HTTP_X_SLACK_REQUEST_TIMESTAMP": timestamp, "HTTP_X_SLACK_SIGNATURE": signature}


def ask(web: Web, body: bytes = b"", path: str = EVENTS, method: str = "POST", **environ: Any) -> tuple[int, str]:
    """Send a request as a WSGI server does; return status and body."""
    statuses: list[str] = []
    all_of_it: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **environ,
    }

    def start_response(status: str, _headers: list[tuple[str, str]], _error: Any = None) -> Any:
        statuses.append(status)

    said = b"".join(web(all_of_it, start_response))
    return int(statuses[-1].split()[0]), said.decode()
