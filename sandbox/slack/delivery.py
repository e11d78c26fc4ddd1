"""One request of Slack to the bot: its content and the bot's answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlencode

from sandbox.slack.base import Json

Kind = Literal["command", "shortcut", "block_actions", "view_submission", "view_closed", "event"]

ENVELOPES: Final[dict[Kind, str]] = {
    "command": "slash_commands",
    "shortcut": "interactive",
    "block_actions": "interactive",
    "view_submission": "interactive",
    "view_closed": "interactive",
    "event": "events_api",
}


@dataclass
class Delivery:
    """One command, interaction or event, and the bot's answer."""

    kind: Kind
    user: str
    channel: str
    payload: Json
    """The form of a command; the JSON of an interaction or event."""
    status: int = 0
    """The HTTP status of the ack."""
    body: Json | str = ""
    """The body of the ack."""
    error: str = ""
    """Empty, ``operation_timeout`` (no ack in three seconds) or ``dispatch_failed`` (not reached, or not 200)."""
    ack_ms: float = 0.0
    """The time until the ack, in milliseconds."""
    over: bool = False
    final: bool = False
    """Whether the bot asked not to get it again (``x-slack-no-retry``)."""
    view_id: str = field(default="")

    @property
    def response_url(self) -> str:
        """The response_url that the bot received, or an empty string."""
        return str(self.payload.get("response_url", ""))

    @property
    def trigger_id(self) -> str:
        """The trigger id that the bot received, or an empty string."""
        return str(self.payload.get("trigger_id", ""))

    def http(self) -> tuple[bytes, str]:
        """Return the request's body and content type."""
        form = "application/x-www-form-urlencoded"
        if self.kind == "command":
            return urlencode(self.payload).encode(), form
        if self.kind == "event":
            return json.dumps(self.payload).encode(), "application/json"
        return urlencode({"payload": json.dumps(self.payload)}).encode(), form

    def envelope(self, envelope_id: str) -> Json:
        """Return the Socket Mode envelope."""
        return {
            "envelope_id": envelope_id,
            "type": ENVELOPES[self.kind],
            "payload": self.payload,
            "accepts_response_payload": self.kind in {"command", "view_submission"},
        }
