"""Requests from Slack and answers to it, with the bot's own processes: HTTP or Socket Mode, and a real Redis."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from redis import Redis

from sandbox.ports import free_port
from sandbox.slack import LocalSlack
from sandbox.slack.sockets import Connection, Sockets
from tests.kits.inbound_process import JOBS

CONFIG = "clusters: {prod: {channel: C0PROD, hosts: {host-1: 192.0.2.1}}}\nrules: {administer: [U0ADA]}\n"


class PrivateRedis:
    """A redis-server that a test may stop and start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = f"unix://{folder}/redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it responds."""
        durable = ["--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""]
        command = ["redis-server", "--port", "0", "--unixsocket", f"{self._folder}/redis.sock"]
        with Path(self._folder, "redis.log").open("ab") as log:
            self._process = subprocess.Popen([*command, "--dir", str(self._folder), *durable], stdout=log, stderr=log)
        with Redis.from_url(self.url) as redis:
            until(lambda: _pings(redis), "redis-server")

    def stop(self) -> None:
        """Kill it, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Stop its process for a while: it accepts connections and does not respond."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def jobs(self) -> list[str]:
        """Return what the gate has stored."""
        with Redis.from_url(self.url, decode_responses=True) as redis:
            stored: list[Any] = redis.lrange(JOBS, 0, -1)
            return [str(words) for words in stored]


def _pings(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except OSError:
        return False
    except Exception as error:
        if "loading" in str(error).lower() or "connect" in str(error).lower():
            return False
        raise


def until(condition: Callable[[], object], what: str, seconds: float = 20) -> None:
    """Poll until a condition holds, for example until a process listens."""
    deadline = monotonic() + seconds
    while not condition():
        if monotonic() > deadline:
            pytest.fail(f"{what}: not there after {seconds} s")
        sleep(0.02)


@contextmanager
def bot_process(kind: str, folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of the bot's processes; it must end on SIGTERM."""
    (folder / "swarmbot.yml").write_text(CONFIG)
    env = os.environ | environment | {"SWARMBOT_CONFIG": str(folder / "swarmbot.yml"), "LOG_LEVEL": "DEBUG"}
    with (folder / "bot.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.kits.inbound_process", kind], env=env, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
            pytest.fail("the process did not end on SIGTERM")


def get(url: str) -> tuple[int, dict[str, Any]]:
    """Return status and JSON of a GET request; status 0 without a listener."""
    try:
        with urlopen(url, timeout=10) as response:  # noqa: S310 - the test's own server
            return response.status, json.load(response)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
    except URLError:
        return 0, {}


def _is_new_connection(sockets: Sockets, before: list[Connection]) -> bool:
    """Return whether there is exactly one connection, and it is not among ``before``."""
    return bool(sockets.connections) and not set(sockets.connections) & set(before)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    """A Redis of the test's own."""
    server = PrivateRedis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def web_url(slack: LocalSlack, redis: PrivateRedis, tmp_path: Path) -> Iterator[str]:
    """The URL of the web process; Slack sends its requests there."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    slack.dispatcher.bot_url = f"{url}/slack/events"
    with bot_process("web", tmp_path, slack.environment() | {"REDIS_URL": redis.url, "PORT": str(port)}):
        until(lambda: get(f"{url}/healthz")[0] == 200, "the web process")
        yield url


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack that delivers over HTTP."""
    with LocalSlack() as slack:
        yield slack


@pytest.mark.usefixtures("web_url")
def test_a_command_is_stored_and_answered(slack: LocalSlack, redis: PrivateRedis) -> None:
    """Only the requester sees the answer, and its button works."""
    delivery = slack.slash("ada", "prod", "button")
    assert (delivery.status, delivery.error) == (200, "")
    (answer,) = slack.ephemerals("ada")
    assert answer.text == "On it."
    assert slack.click("ada", answer, "press").status == 200
    slack.wait_to_see("ada", "Pressed.", private=True)
    assert redis.jobs() == ["button", "press opaque-1"]
    assert not slack.messages("prod")


@pytest.mark.usefixtures("web_url")
def test_an_empty_ack_shows_nothing(slack: LocalSlack, redis: PrivateRedis) -> None:
    """If the gate returns nothing, the body is empty, and Slack shows nothing."""
    assert slack.slash("ada", "prod", "quiet").error == ""
    assert redis.jobs() == ["quiet"]
    assert not slack.ephemerals("ada")


@pytest.mark.usefixtures("web_url")
@pytest.mark.parametrize("fault", ["forged_signature", "stale_signature", "no_signature", "text_timestamp"])
def test_invalid_signatures_are_401(slack: LocalSlack, redis: PrivateRedis, fault: Any) -> None:
    """A forged, expired or missing signature and a timestamp that is not a number are refused; nothing is stored."""
    slack.fault(fault, "command")
    assert slack.slash("ada", "prod", "status").status == 401
    assert redis.jobs() == []


@pytest.mark.usefixtures("web_url")
@pytest.mark.parametrize("kind", ["command", "block_actions"])
@pytest.mark.parametrize("fault", ["deliver_twice", "retry"])
def test_a_repeated_delivery_is_handled_once(slack: LocalSlack, redis: PrivateRedis, fault: Any, kind: str) -> None:
    """Two deliveries, in parallel or in sequence, are one job for a command and one for a button."""
    slack.fault(fault, kind)
    slack.slash("ada", "prod", "button")
    slack.click("ada", slack.ephemerals("ada")[0], "press")
    assert redis.jobs() == ["button", "press opaque-1"]


@pytest.mark.usefixtures("web_url")
def test_refusals_and_errors_are_reported(slack: LocalSlack, tmp_path: Path) -> None:
    """A refusal has its reason; an internal error has a reference, which is in the log with the traceback."""
    slack.slash("ada", "prod", "no")
    slack.wait_to_see("ada", "Refused: this is for admins.", private=True)
    slack.slash("ada", "prod", "boom")
    seen = slack.wait_to_see("ada", "their log has it under", private=True)
    reference = seen.text.rpartition("under `")[2].partition("`")[0]
    assert f"defect {reference}" in (tmp_path / "bot.log").read_text()


def test_a_missing_redis_is_reported(slack: LocalSlack, redis: PrivateRedis, web_url: str) -> None:
    """The person is told within three seconds, /readyz has the reason, and commands work again afterwards."""
    redis.stop()
    delivery = slack.slash("ada", "prod", "status")
    assert (delivery.status, delivery.error) == (200, "")
    slack.wait_to_see("ada", "State now: nothing was done.", private=True)
    status, said = get(f"{web_url}/readyz")
    assert status == 503
    assert "Redis" in said["problems"]["redis"][0]
    assert get(f"{web_url}/healthz")[0] == 200
    redis.start()
    slack.slash("ada", "prod", "status")
    assert redis.jobs() == ["status"]
    assert get(f"{web_url}/readyz")[0] == 200


@pytest.mark.usefixtures("web_url")
def test_an_unresponsive_redis_is_reported_in_time(slack: LocalSlack, redis: PrivateRedis) -> None:
    """Slack gets an answer before its time-out although Redis does not respond; later commands work."""
    with redis.silent():
        delivery = slack.slash("ada", "prod", "status")
        assert (delivery.status, delivery.error) == (200, "")
        seen = slack.wait_to_see("ada", "State now: it is unknown whether", private=True)
        slack.wait_to_see("ada", "may not have been accepted", after=seen.number, private=True)


def test_a_stalled_client_is_disconnected(web_url: str) -> None:
    """A client that sends half a request does not occupy a thread: the connection is closed."""
    host, port = web_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(b"POST /slack/events HTTP/1.1\r\nHost: bot\r\n")
        assert client.recv(1024) == b""


def test_two_socket_processes_handle_each_request_once(redis: PrivateRedis, tmp_path: Path) -> None:
    """Slack sends each request to one connection; if one process ends, the other one answers."""
    with ExitStack() as stack:
        slack = stack.enter_context(LocalSlack(socket_mode=True))
        environment = slack.environment() | {"REDIS_URL": redis.url}
        stack.enter_context(bot_process("socket", tmp_path, environment))
        with bot_process("socket", tmp_path, environment):
            until(lambda: len(slack.dispatcher.sockets.connections) == 2, "two connections")
            for _ in range(4):
                assert slack.slash("ada", "prod", "button").error == ""
        until(lambda: len(slack.dispatcher.sockets.connections) == 1, "one connection")
        assert slack.slash("ada", "prod", "button").error == ""
        slack.click("ada", slack.ephemerals("ada")[-1], "press")
        slack.wait_to_see("ada", "Pressed.", private=True)
        assert redis.jobs() == ["button"] * 5 + ["press opaque-1"]


def test_a_broken_connection_is_renewed(redis: PrivateRedis, tmp_path: Path) -> None:
    """The bot reconnects when Slack requests it, and when the connection breaks."""
    with ExitStack() as stack:
        slack = stack.enter_context(LocalSlack(socket_mode=True))
        stack.enter_context(bot_process("socket", tmp_path, slack.environment() | {"REDIS_URL": redis.url}))
        sockets = slack.dispatcher.sockets
        until(lambda: len(sockets.connections) == 1, "the connection")
        ends: list[Callable[[], None]] = [partial(slack.disconnect, "refresh_requested"), slack.drop_connections]
        for end in ends:
            before = list(sockets.connections)
            end()
            until(partial(_is_new_connection, sockets, before), "another connection", 60)
            assert slack.slash("ada", "prod", "quiet").error == ""
        assert redis.jobs() == ["quiet", "quiet"]


def test_socket_mode_reports_a_missing_redis(redis: PrivateRedis, tmp_path: Path) -> None:
    """The ack follows the write: without Redis the person sees that nothing was changed."""
    with ExitStack() as stack:
        slack = stack.enter_context(LocalSlack(socket_mode=True))
        stack.enter_context(bot_process("socket", tmp_path, slack.environment() | {"REDIS_URL": redis.url}))
        until(lambda: len(slack.dispatcher.sockets.connections) == 1, "the connection")
        redis.stop()
        slack.slash("ada", "prod", "status")
        slack.wait_to_see("ada", "State now: nothing was done.", private=True)


@contextmanager
def served(mode: str, redis: PrivateRedis, folder: Path) -> Iterator[LocalSlack]:
    """Run the bot behind a local Slack, over HTTP or by Socket Mode."""
    with ExitStack() as stack:
        slack = stack.enter_context(LocalSlack(socket_mode=mode == "socket"))
        port = free_port()
        slack.dispatcher.bot_url = f"http://127.0.0.1:{port}/slack/events"
        environment = slack.environment() | {"REDIS_URL": redis.url, "PORT": str(port)}
        stack.enter_context(bot_process(mode, folder, environment))
        if mode == "socket":
            until(lambda: len(slack.dispatcher.sockets.connections) == 1, "the connection")
        else:
            until(lambda: get(f"http://127.0.0.1:{port}/healthz")[0] == 200, "the web process")
        yield slack


@pytest.mark.parametrize("mode", ["web", "socket"])
def test_a_message_is_stored_once_and_answered_in_its_thread(mode: str, redis: PrivateRedis, tmp_path: Path) -> None:
    """However often Slack delivers it. What others write, also the bot itself, is no command."""
    with served(mode, redis, tmp_path) as slack:
        slack.fault("deliver_twice", "event", times=1)
        slack.say("ada", "prod", "@swarmbot status")
        slack.wait_to_see("ben", "On it.", private=False)
        slack.fault("retry", "event", times=1)
        slack.say("ada", "@swarmbot", "nodes")
        slack.say("ada", "prod", "status?")
        until(lambda: len(redis.jobs()) >= 2, "both are stored")
        assert redis.jobs() == ["status", "nodes"]
        said = [message for message in slack.messages("prod") if not message.thread_ts]
        assert {message.thread_ts for message in slack.messages("prod")} == {"", said[0].ts}


@pytest.mark.parametrize("mode", ["web", "socket"])
def test_a_message_that_cannot_be_stored_is_refused_once(mode: str, redis: PrivateRedis, tmp_path: Path) -> None:
    """Its author reads that nothing was done, and Slack does not deliver it again when Redis is back."""
    with served(mode, redis, tmp_path) as slack:
        redis.stop()
        slack.say("ada", "prod", "@swarmbot status")
        slack.wait_to_see("ada", "State now: nothing was done.", private=False)
        redis.start()
        slack.say("ada", "prod", "@swarmbot nodes")
        slack.wait_to_see("ada", "On it.", private=False)
        assert redis.jobs() == ["nodes"]
        refusals = [message for message in slack.messages("prod") if "was not accepted" in message.text]
        assert len(refusals) == 1
