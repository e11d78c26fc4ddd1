"""Slack's own Socket Mode client and Bolt's handler, on the local Slack."""

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
from tests.unit.sandbox.slack.conftest import app_for


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """Return a local Slack in Socket Mode."""
    with LocalSlack(socket_mode=True, ack_seconds=1) as local:
        yield local


class Bot:
    """A Bolt app on its own connection, and the commands that it received."""

    def __init__(self, slack: LocalSlack, name: str) -> None:
        self.received: list[str] = []
        app = app_for(slack)

        @app.command("/swarm")
        def swarm(ack: Ack, body: dict[str, Any]) -> None:
            self.received.append(body["text"])
            ack(name)

        web = WebClient(base_url=f"{slack.url}/api/")
        self.handler = SocketModeHandler(app, slack.world.app.app_token, web_client=web, ping_interval=0.2)
        self.handler.connect()  # type: ignore[no-untyped-call] # Bolt's own

    def close(self, slack: LocalSlack) -> None:
        """Leave; Slack breaks the line first, because the client's own reading blocks its closing for seconds."""
        self.handler.client.auto_reconnect_enabled = False
        slack.drop_connections()
        self.handler.close()  # type: ignore[no-untyped-call] # Bolt's own


@pytest.fixture
def bots(slack: LocalSlack) -> Iterator[list[Bot]]:
    """Return two connected Bolt apps."""
    both = [Bot(slack, "app 0"), Bot(slack, "app 1")]
    connected(slack, 2)
    yield both
    for bot in both:
        bot.handler.client.auto_reconnect_enabled = False
    for bot in both:
        bot.close(slack)


def connected(slack: LocalSlack, number: int) -> None:
    """Wait until so many connections are open."""
    slack.wait_for(lambda s: len(s.deliverer.sockets.connections) == number, 10)


def renewed(slack: LocalSlack, leave: Callable[[], None]) -> None:
    """End both connections and wait for two others."""
    sockets = slack.deliverer.sockets
    old = set(sockets.connections)
    leave()
    slack.wait_for(lambda _: len(sockets.connections) == 2 and not old & set(sockets.connections), 10)


def test_each_command_goes_to_one_connection(slack: LocalSlack, bots: list[Bot]) -> None:
    """Four commands are four commands, shared out; the ack's payload is shown to the asker."""
    for number in range(4):
        assert slack.slash("ada", "prod", f"status {number}").error == ""
    assert sorted(bots[0].received + bots[1].received) == [f"status {number}" for number in range(4)]
    assert len(bots[0].received) == len(bots[1].received) == 2
    assert {m.text for m in slack.ephemerals("ada")} == {"app 0", "app 1"}


@pytest.mark.usefixtures("bots")
def test_refreshed_and_dropped_connections_come_back(slack: LocalSlack) -> None:
    """After refresh_requested, and after a broken line, Slack's client connects anew and commands arrive."""
    renewed(slack, lambda: slack.disconnect("refresh_requested"))
    assert slack.slash("ada", "prod", "status").error == ""
    renewed(slack, slack.drop_connections)
    assert slack.slash("ada", "prod", "status").error == ""


def test_nobody_connected_is_dispatch_failed(slack: LocalSlack) -> None:
    """Without a connection the person is told that the app did not answer."""
    assert slack.slash("ada", "prod", "status").error == "dispatch_failed"


def test_no_ack_is_a_time_out(slack: LocalSlack) -> None:
    """A connection that does not acknowledge in time is operation_timeout."""
    bot = Bot(slack, "app")
    bot.handler.client.socket_mode_request_listeners.clear()
    connected(slack, 1)
    slack.deliverer.ack_seconds = 0.2
    assert slack.slash("ada", "prod", "status").error == "operation_timeout"
    bot.close(slack)


def test_a_url_is_good_once(slack: LocalSlack) -> None:
    """The URL of apps.connections.open opens one connection; a ticket that is unknown opens none."""
    client = WebClient(token=slack.world.app.app_token, base_url=f"{slack.url}/api/")
    url = str(client.apps_connections_open(app_token=slack.world.app.app_token)["url"])
    assert url.startswith("ws://127.0.0.1:")
    plain = url.replace("ws://", "http://")
    for status in (400, 403):
        with pytest.raises(HTTPError) as caught:
            urlopen(plain, timeout=5)  # noqa: S310 - the local Slack
        assert caught.value.code == status


def test_link_disabled_lets_nobody_in(slack: LocalSlack) -> None:
    """After link_disabled apps.connections.open is refused, as when Socket Mode is switched off."""
    slack.disconnect("link_disabled")
    client = WebClient(token=slack.world.app.app_token, base_url=f"{slack.url}/api/")
    with pytest.raises(SlackApiError, match="forbidden"):
        client.apps_connections_open(app_token=slack.world.app.app_token)
