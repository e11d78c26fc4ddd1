"""Requests from Slack and answers to it, with the bot's own processes: HTTP or Socket Mode, and a real Redis."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from sandbox.fleet.shell import until
from sandbox.slack.sockets import Connection, Sockets
from tests.kits.served_bot import SEEN_TIMEOUT_S, Served, bot_process, get, serving


def _is_new_connection(sockets: Sockets, before: list[Connection]) -> bool:
    """Return whether there is exactly one connection, and it is not among ``before``."""
    return bool(sockets.connections) and not set(sockets.connections) & set(before)


@pytest.fixture(scope="module")
def bots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Served]]:
    """Start the bot of a mode for the first test that needs it: a start costs more than what most tests do."""
    with ExitStack() as stack:
        yield cache(lambda mode: stack.enter_context(serving(mode, tmp_path_factory.mktemp(mode))))


def emptied(bot: Served) -> Served:
    """Return the bot without what earlier tests stored, showed privately or broke."""
    with Redis.from_url(bot.redis.url) as redis:
        redis.flushdb()
    bot.slack.clear_faults()
    bot.slack.reload("ada")
    return replace(bot, began=len(bot.slack.transcript()), said=len(bot.slack.messages("prod")))


@pytest.fixture
def web(bots: Callable[[str], Served]) -> Served:
    """A bot that serves HTTP."""
    return emptied(bots("web"))


@pytest.fixture
def socket_mode(bots: Callable[[str], Served]) -> Served:
    """A bot in Socket Mode."""
    return emptied(bots("socket"))


@pytest.fixture(params=["web", "socket"])
def served(bots: Callable[[str], Served], request: pytest.FixtureRequest) -> Served:
    """A bot in each mode."""
    return emptied(bots(request.param))


def test_a_command_is_stored_and_answered(web: Served) -> None:
    """Only the requester sees the answer, and its button works."""
    delivery = web.slack.slash("ada", "prod", "button")
    assert (delivery.status, delivery.error) == (200, "")
    (answer,) = web.slack.ephemerals("ada")
    assert answer.text == "On it."
    assert web.slack.click("ada", answer, "press").status == 200
    web.sees("Pressed.")
    assert web.redis.jobs() == ["button", "press opaque-1"]
    assert not web.in_channel()


def test_an_empty_ack_shows_nothing(web: Served) -> None:
    """If the gate returns nothing, the body is empty, and Slack shows nothing."""
    assert web.slack.slash("ada", "prod", "quiet").error == ""
    assert web.redis.jobs() == ["quiet"]
    assert not web.slack.ephemerals("ada")


@pytest.mark.parametrize("fault", ["forged_signature", "stale_signature", "no_signature", "text_timestamp"])
def test_invalid_signatures_are_401(web: Served, fault: Any) -> None:
    """A forged, expired or missing signature and a timestamp that is not a number are refused; nothing is stored."""
    web.slack.fault(fault, "command")
    assert web.slack.slash("ada", "prod", "status").status == 401
    assert web.redis.jobs() == []


@pytest.mark.parametrize("kind", ["command", "block_actions"])
@pytest.mark.parametrize("fault", ["deliver_twice", "retry"])
def test_a_repeated_delivery_is_handled_once(web: Served, fault: Any, kind: str) -> None:
    """Two deliveries, in parallel or in sequence, are one job for a command and one for a button."""
    web.slack.fault(fault, kind)
    web.slack.slash("ada", "prod", "button")
    web.slack.click("ada", web.slack.ephemerals("ada")[0], "press")
    assert web.redis.jobs() == ["button", "press opaque-1"]


def test_refusals_and_errors_are_reported(web: Served) -> None:
    """A refusal has its reason; an internal error has a reference, which is in the log with the traceback."""
    web.slack.slash("ada", "prod", "no")
    web.sees("Refused: this is for admins.")
    web.slack.slash("ada", "prod", "boom")
    seen = web.sees("their log has it under")
    reference = seen.text.rpartition("under `")[2].partition("`")[0]
    assert f"defect {reference}" in (web.folder / "bot.log").read_text()


def test_a_missing_redis_is_reported(web: Served) -> None:
    """The person is told within three seconds, /readyz has the reason, and commands work again afterwards."""
    with web.redis.stopped():
        delivery = web.slack.slash("ada", "prod", "status")
        assert (delivery.status, delivery.error) == (200, "")
        web.sees("State now: nothing was done.")
        status, said = get(f"{web.url}/readyz")
        assert status == 503
        assert "Redis" in said["problems"]["redis"][0]
        assert get(f"{web.url}/healthz")[0] == 200
    web.slack.slash("ada", "prod", "status")
    assert web.redis.jobs() == ["status"]
    assert get(f"{web.url}/readyz")[0] == 200


def test_an_unresponsive_redis_is_reported_in_time(tmp_path: Path) -> None:
    """A new process gets no connection to it: Slack gets an answer in time, and the person is told what is known."""
    with serving("web", tmp_path) as web, web.redis.silent():
        delivery = web.slack.slash("ada", "prod", "status")
        assert (delivery.status, delivery.error) == (200, "")
        seen = web.sees("State now: it is unknown whether")
        web.slack.wait_to_see("ada", "may not have been accepted", after=seen.number, private=True)


def test_a_stalled_client_is_disconnected(web: Served) -> None:
    """A client that sends half a request does not occupy a thread: the connection is closed."""
    host, port = web.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(b"POST /slack/events HTTP/1.1\r\nHost: bot\r\n")
        assert client.recv(1024) == b""


def test_two_socket_processes_handle_each_request_once(socket_mode: Served) -> None:
    """Slack sends each request to one connection; if one process ends, the other one answers."""
    slack = socket_mode.slack
    with bot_process("socket", socket_mode.folder, slack.environment() | {"REDIS_URL": socket_mode.redis.url}):
        until(lambda: len(slack.dispatcher.sockets.connections) == 2, "two connections", timeout=SEEN_TIMEOUT_S)
        for _ in range(4):
            assert slack.slash("ada", "prod", "button").error == ""
    until(lambda: len(slack.dispatcher.sockets.connections) == 1, "one connection", timeout=SEEN_TIMEOUT_S)
    assert slack.slash("ada", "prod", "button").error == ""
    slack.click("ada", slack.ephemerals("ada")[-1], "press")
    socket_mode.sees("Pressed.")
    assert socket_mode.redis.jobs() == ["button"] * 5 + ["press opaque-1"]


def test_a_broken_connection_is_renewed(socket_mode: Served) -> None:
    """The bot reconnects when Slack requests it, and when the connection breaks."""
    slack, sockets = socket_mode.slack, socket_mode.slack.dispatcher.sockets
    ends: list[Callable[[], None]] = [partial(slack.disconnect, "refresh_requested"), slack.drop_connections]
    for end in ends:
        before = list(sockets.connections)
        end()
        until(partial(_is_new_connection, sockets, before), "another connection", timeout=60)
        assert slack.slash("ada", "prod", "quiet").error == ""
    assert socket_mode.redis.jobs() == ["quiet", "quiet"]


def test_socket_mode_reports_a_missing_redis(socket_mode: Served) -> None:
    """The ack follows the write: without Redis the person sees that nothing was changed."""
    with socket_mode.redis.stopped():
        socket_mode.slack.slash("ada", "prod", "status")
        socket_mode.sees("State now: nothing was done.")


def test_a_message_is_stored_once_and_answered_in_its_thread(served: Served) -> None:
    """However often Slack delivers it. What others write, also the bot itself, is no command."""
    slack = served.slack
    slack.fault("deliver_twice", "event", times=1)
    slack.say("ada", "prod", "@swarmbot status")
    served.sees("On it.", private=False)
    slack.fault("retry", "event", times=1)
    slack.say("ada", "@swarmbot", "nodes")
    slack.say("ada", "prod", "status?")
    until(lambda: len(served.redis.jobs()) >= 2, "both are stored", timeout=SEEN_TIMEOUT_S)
    assert served.redis.jobs() == ["status", "nodes"]
    said = [message for message in served.in_channel() if not message.thread_ts]
    assert {message.thread_ts for message in served.in_channel()} == {"", said[0].ts}


def test_a_message_that_cannot_be_stored_is_refused_once(served: Served) -> None:
    """Its author reads that nothing was done, and Slack does not deliver it again when Redis is back."""
    with served.redis.stopped():
        served.slack.say("ada", "prod", "@swarmbot status")
        served.sees("State now: nothing was done.", private=False)
    served.slack.say("ada", "prod", "@swarmbot nodes")
    served.sees("On it.", private=False)
    assert served.redis.jobs() == ["nodes"]
    refusals = [message for message in served.in_channel() if "was not accepted" in message.text]
    assert len(refusals) == 1
