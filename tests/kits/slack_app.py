"""What tests of the local Slack share: an app that answers, and a message with two buttons."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, App

from sandbox.slack import LocalSlack
from tests.unit.sandbox.slack.conftest import app_for

Body = dict[str, Any]
TWO_BUTTONS = [
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "share", "text": {"type": "plain_text", "text": "Share"}, "value": "k7f3"},
            {"type": "button", "action_id": "hide", "text": {"type": "plain_text", "text": "Hide"}},
        ],
    },
]


def answering(slack: LocalSlack, **answer: Any) -> tuple[App, list[Body]]:
    """Return an app that acknowledges /swarm with these arguments, and the forms that it received."""
    app, forms = app_for(slack), []

    @app.command("/swarm")
    def swarm(ack: Ack, body: Body) -> None:
        forms.append(body)
        ack(**answer)

    return app, forms
