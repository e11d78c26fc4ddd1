"""A local Slack, Slack's own client for it, and real Bolt apps behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

from sandbox.slack import LocalSlack


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


def client_of(slack: LocalSlack) -> WebClient:
    """Return Slack's client, pointed at the local Slack with the bot's token."""
    return WebClient(token=slack.world.app.bot_token, base_url=f"{slack.url}/api/")


def app_for(slack: LocalSlack) -> App:
    """Return a Bolt app that is installed in the local Slack."""
    secret = slack.world.app.signing_secret
    return App(client=client_of(slack), signing_secret=secret, process_before_response=True)


@contextmanager
def serving(slack: LocalSlack, app: App) -> Iterator[None]:
    """Serve a Bolt app over HTTP and tell Slack where."""
    server: WSGIServer = make_server("127.0.0.1", 0, SlackRequestHandler(app), handler_class=_Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    slack.deliverer.bot_url = f"http://127.0.0.1:{server.server_port}/slack/events"
    try:
        yield
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """Return a local Slack that nobody listens to yet."""
    with LocalSlack() as local:
        yield local


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    """Return Slack's own client."""
    return client_of(slack)
