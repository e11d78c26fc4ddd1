"""Slack's Socket Mode client and Bolt's handler work with the local Slack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from slack_bolt import Ack
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack import LocalSlack
from tests.kits.slack_app import app_for


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack in Socket Mode."""
    with LocalSlack(socket_mode=True, ack_timeout_s=1) as local:
        yield local


class Bot:
    """A Bolt app with its own connection, and the commands that it received."""

    def __init__(self, slack: LocalSlack, name: str) -> None:
        self.received: list[str] = []
        app = app_for(slack)

        @app.command("/swarm")
        def swarm(ack: Ack, body: dict[str, Any]) -> None:
            self.received.append(body["text"])
            ack(name)

        web = WebClient(base_url=f"{slack.url}/api/")
        self.handler = SocketModeHandler(app, slack.team.app.app_token, web_client=web, ping_interval=0.05)
        self.handler.connect()  # type: ignore[no-untyped-call] # Bolt's own

    def close(self, slack: LocalSlack) -> None:
        """Disconnect. Slack breaks the connection first: the client's waiting for messages delays its closing."""
        self.handler.client.auto_reconnect_enabled = False
        slack.drop_connections()
        self.handler.client.closed = True
        self.handler.client.message_queue.put(None)  # it waits a second for one
        try:
            self.handler.close()  # type: ignore[no-untyped-call] # Bolt's own
        except AttributeError:  # slack_sdk's own thread closed the broken connection at the same moment
            self.handler.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def bots(slack: LocalSlack) -> Iterator[list[Bot]]:
    """Two connected Bolt apps."""
    both = [Bot(slack, "app 0"), Bot(slack, "app 1")]
    wait_for_connections(slack, 2)
    yield both
    for bot in both:
        bot.handler.client.auto_reconnect_enabled = False
    for bot in both:
        bot.close(slack)


def wait_for_connections(slack: LocalSlack, number: int) -> None:
    """Wait until this many connections are open."""
    slack.wait_for(lambda s: len(s.dispatcher.sockets.connections) == number, 10)


def renew_connections(slack: LocalSlack, leave: Callable[[], None]) -> None:
    """End both connections and wait for two new ones."""
    sockets = slack.dispatcher.sockets
    old = set(sockets.connections)
    leave()
    slack.wait_for(lambda _: len(sockets.connections) == 2 and not old & set(sockets.connections), 10)


def test_each_command_goes_to_one_connection(slack: LocalSlack, bots: list[Bot]) -> None:
    """Four commands are delivered once each, shared among the connections; the requester sees the ack's payload."""
    for number in range(4):
        assert slack.slash("ada", "prod", f"status {number}").error == ""
    assert sorted(bots[0].received + bots[1].received) == [f"status {number}" for number in range(4)]
    assert len(bots[0].received) == len(bots[1].received) == 2
    assert {m.text for m in slack.ephemerals("ada")} == {"app 0", "app 1"}


@pytest.mark.usefixtures("bots")
def test_connections_are_renewed(slack: LocalSlack) -> None:
    """After refresh_requested, and after a broken connection, Slack's client reconnects and receives commands."""
    renew_connections(slack, lambda: slack.disconnect("refresh_requested"))
    assert slack.slash("ada", "prod", "status").error == ""
    renew_connections(slack, slack.drop_connections)
    assert slack.slash("ada", "prod", "status").error == ""


def test_no_connection_is_dispatch_failed(slack: LocalSlack) -> None:
    """Without a connection the person sees that the app did not answer."""
    assert slack.slash("ada", "prod", "status").error == "dispatch_failed"


def test_a_missing_ack_is_a_time_out(slack: LocalSlack) -> None:
    """A connection that does not acknowledge in time is operation_timeout."""
    bot = Bot(slack, "app")
    bot.handler.client.socket_mode_request_listeners.clear()
    wait_for_connections(slack, 1)
    slack.dispatcher.ack_timeout_s = 0.2
    assert slack.slash("ada", "prod", "status").error == "operation_timeout"
    bot.close(slack)


def test_a_connection_url_is_valid_once(slack: LocalSlack) -> None:
    """The URL of apps.connections.open opens one connection; an unknown ticket opens none."""
    client = WebClient(token=slack.team.app.app_token, base_url=f"{slack.url}/api/")
    url = str(client.apps_connections_open(app_token=slack.team.app.app_token)["url"])
    assert url.startswith("ws://127.0.0.1:")
    plain_text = url.replace("ws://", "http://")
    for status in (400, 403):
        with pytest.raises(HTTPError) as caught:
            urlopen(plain_text, timeout=5)  # noqa: S310 - the local Slack
        assert caught.value.code == status


def test_link_disabled_refuses_connections(slack: LocalSlack) -> None:
    """After link_disabled, apps.connections.open is refused, as when Socket Mode is switched off."""
    slack.disconnect("link_disabled")
    client = WebClient(token=slack.team.app.app_token, base_url=f"{slack.url}/api/")
    with pytest.raises(SlackApiError, match="forbidden"):
        client.apps_connections_open(app_token=slack.team.app.app_token)
