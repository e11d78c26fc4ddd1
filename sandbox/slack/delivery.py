"""One thing that Slack tells the bot: what it carries, and how the bot took it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlencode

from sandbox.slack.json_types import Json

Kind = Literal["command", "block_actions", "view_submission", "view_closed", "event"]

ENVELOPES: Final[dict[Kind, str]] = {
    "command": "slash_commands",
    "block_actions": "interactive",
    "view_submission": "interactive",
    "view_closed": "interactive",
    "event": "events_api",
}


@dataclass
class Delivery:
    """``payload`` is the command's form, or the interaction's or event's JSON.

    Once it is over, ``error`` is empty, ``operation_timeout`` (no ack in three seconds) or ``dispatch_failed`` (not
    reached, or not a 200); ``body`` is what the ack said and ``ack_ms`` how long it took.
    """

    kind: Kind
    user: str
    channel: str
    payload: Json
    status: int = 0
    body: Json | str = ""
    error: str = ""
    ack_ms: float = 0.0
    over: bool = False
    view_id: str = field(default="")

    @property
    def response_url(self) -> str:
        """The response_url that the bot was given, or nothing."""
        return str(self.payload.get("response_url", ""))

    @property
    def trigger_id(self) -> str:
        """The trigger id that the bot was given, or nothing."""
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
