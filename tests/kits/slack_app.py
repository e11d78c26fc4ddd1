"""Bolt apps behind a local Slack, and Slack's own client for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from slack_bolt import Ack, App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

from sandbox.slack import LocalSlack

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


class _Server(WSGIServer):
    request_queue_size = 64  # the kernel drops what is above it, and sends it again after a second


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Log nothing."""


def client_of(slack: LocalSlack) -> WebClient:
    """Return Slack's client for the local Slack, with the bot's token."""
    return WebClient(token=slack.team.app.bot_token, base_url=f"{slack.url}/api/")


def app_for(slack: LocalSlack) -> App:
    """Return a Bolt app that is installed in the local Slack."""
    secret = slack.team.app.signing_secret
    return App(client=client_of(slack), signing_secret=secret, process_before_response=True)


def app_with_answer(slack: LocalSlack, **answer: Any) -> tuple[App, list[Body]]:
    """Return an app that acknowledges /swarm with these arguments, and the list of the forms that it receives."""
    app, forms = app_for(slack), []

    @app.command("/swarm")
    def swarm(ack: Ack, body: Body) -> None:
        forms.append(body)
        ack(**answer)

    return app, forms


@contextmanager
def serving(slack: LocalSlack, app: App) -> Iterator[None]:
    """Serve a Bolt app over HTTP, and set its URL in the local Slack."""
    server = make_server("127.0.0.1", 0, SlackRequestHandler(app), server_class=_Server, handler_class=_QuietHandler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    slack.dispatcher.bot_url = f"http://127.0.0.1:{server.server_port}/slack/events"
    try:
        yield
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
