"""The bot's web and socket processes behind a local Slack, with a Redis that a test may stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from redis import Redis

from sandbox.fleet.shell import until
from sandbox.ports import free_port
from sandbox.processes import end
from sandbox.slack import LocalSlack
from sandbox.slack.messages import Message
from sandbox.slack.transcript import TranscriptEntry
from tests.kits.inbound_process import JOBS

SEEN_TIMEOUT_S: Final = 20.0
"""The longest that a process takes to start, and what was sent to be seen."""
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
            until(lambda: _pings(redis), "redis-server responds", timeout=SEEN_TIMEOUT_S)

    def stop(self) -> None:
        """Kill it, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop Redis for a while; what it holds is kept."""
        self.stop()
        try:
            yield
        finally:
            self.start()

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
        if not end(process, SEEN_TIMEOUT_S):
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


@dataclass(frozen=True)
class Served:
    """A bot behind a local Slack; a test may stop its Redis and must start it again."""

    slack: LocalSlack
    redis: PrivateRedis
    url: str
    """The web process's address."""
    folder: Path
    """It has ``bot.log``."""
    began: int = 0
    """The number of the transcript's entries before the test."""
    said: int = 0
    """The number of messages in #prod before the test."""

    def in_channel(self) -> list[Message]:
        """Return what the test's people and the bot wrote in #prod."""
        return self.slack.messages("prod")[self.said :]

    def sees(self, words: str, *, private: bool = True) -> TranscriptEntry:
        """Wait until ada sees ``words``."""
        return self.slack.wait_to_see("ada", words, after=self.began, private=private)


@contextmanager
def serving(mode: str, folder: Path) -> Iterator[Served]:
    """Run the bot over HTTP (``web``) or by Socket Mode (``socket``)."""
    redis = PrivateRedis(folder)
    redis.start()
    with ExitStack() as stack:
        stack.callback(redis.stop)
        slack = stack.enter_context(LocalSlack(socket_mode=mode == "socket"))
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        slack.dispatcher.bot_url = f"{url}/slack/events"
        environment = slack.environment() | {"REDIS_URL": redis.url, "PORT": str(port)}
        stack.enter_context(bot_process(mode, folder, environment))
        if mode == "socket":
            until(
                lambda: len(slack.dispatcher.sockets.connections) == 1, "the bot is connected", timeout=SEEN_TIMEOUT_S
            )
        else:
            until(lambda: get(f"{url}/healthz")[0] == 200, "the web process serves", timeout=SEEN_TIMEOUT_S)
        yield Served(slack, redis, url, folder)
