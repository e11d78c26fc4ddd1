"""A whole Swarmbot on one machine: Docker hosts, a private Redis, a local Slack, and the processes of the Procfile."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final, Self
from urllib.error import URLError
from urllib.request import urlopen

import yaml
from honcho.environ import parse_procfile  # type: ignore[import-untyped] # it has no stubs
from redis import Redis, RedisError

from bot.errors import Failed
from bot.queue.worker_registry import WorkerRegistry
from bot.secrets.secret import Secret
from bot.store.client import connect
from sandbox.fleet import Fleet
from sandbox.slack.local import LocalSlack
from sandbox.slack.world import World, default_world

ROOT: Final = Path(__file__).parents[1]
PATIENCE: Final = 30.0
GRACE: Final = 15.0
DURABLE: Final = "--appendonly yes --maxmemory-policy noeviction"
TWO_OF_FOUR: Final = {
    subject: {"by": ["admins", "operators"]}
    for subject in ("force", "force-new-cluster", "recover", "restore", "ca rotate")
}
"""What needs two others' yes: of two administrators there is one besides who asks."""
PEOPLE: Final[dict[str, Any]] = {
    "people": {"operators": ["S0OPS"], "admins": ["S0ADMINS"]},
    "rules": {"view": "everyone", "operate": ["operators"], "administer": ["admins"], "approvals": TWO_OF_FOUR},
}


class Stage:
    """A context manager over ``fleet`` (which is up already). ``folder`` takes logs, data and swarmbot.yml.

    Its processes are those of the Procfile, by name; ``workers`` says how many workers there are, as worker.1, ….
    """

    def __init__(
        self,
        fleet: Fleet,
        folder: Path,
        *,
        workers: int = 1,
        slack_port: int = 0,
        config: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.fleet = fleet
        self.folder = folder
        self.port = _free_port()
        self._workers = workers
        self._redis_port = _free_port()
        backups = {"folder": str(folder / "backups")}
        self._config = {"backups": backups, **(config or {**fleet.config(), **PEOPLE})}
        self._extra = dict(environment or {})
        self._secret_key = Secret(secrets.token_urlsafe(32))
        self._stack = ExitStack()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        bot_url = f"http://127.0.0.1:{self.port}/slack/events"
        self.slack = LocalSlack(installed_world(), bot_url=bot_url, port=slack_port)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.processes):
            if name != "redis":
                self.stop(name)
        self._stack.close()
        if "redis" in self.processes:
            self.stop("redis")

    @property
    def redis_url(self) -> str:
        """The private Redis."""
        return f"redis://127.0.0.1:{self._redis_port}/0"

    @property
    def environment(self) -> dict[str, str]:
        """What the bot's processes find in their environment."""
        inherited = {name: os.environ[name] for name in ("HOME", "LANG", "TZ") if name in os.environ}
        return {
            **inherited,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
            **self.slack.environment(),
            "REDIS_URL": self.redis_url,
            "SWARMBOT_CONFIG": str(self.folder / "swarmbot.yml"),
            "PORT": str(self.port),
            "LOG_LEVEL": "INFO",
            "SWARMBOT_SECRET_KEY": self._secret_key.reveal(),
            **self._extra,
        }

    def log(self, name: str) -> str:
        """What a process has written."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def start(self, name: str) -> None:
        """Start ``web``, ``worker.1``, … as the Procfile says."""
        command = parse_procfile((ROOT / "Procfile").read_text()).processes[name.partition(".")[0]]
        self._spawn(name, shlex.split(command))

    def start_redis(self) -> None:
        """Start the private Redis, with what it had when it ended, and return when it answers."""
        data = self.folder / "redis"
        data.mkdir(exist_ok=True)
        settings = f"--port {self._redis_port} --bind 127.0.0.1 --dir {data} {DURABLE}"
        self._spawn("redis", ["redis-server", *shlex.split(settings)])
        _until(self._redis_answers, "the private Redis answers")

    def stop(self, name: str) -> None:
        """End a process politely, and after 15 s not."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(GRACE)

    def kill(self, name: str) -> None:
        """End a process with kill -9."""
        process = self.processes.pop(name)
        process.kill()
        process.wait(GRACE)

    def _start(self) -> None:
        self._stack.enter_context(self.slack)
        (self.folder / "swarmbot.yml").write_text(yaml.safe_dump(dict(self._config), sort_keys=False))
        self.start_redis()
        self.start("web")
        for number in range(1, self._workers + 1):
            self.start(f"worker.{number}")
        _until(self._ready, "the web process is ready")

    def _spawn(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _redis_answers(self) -> bool:
        with Redis.from_url(self.redis_url, socket_timeout=1) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False

    def _ready(self) -> bool:
        try:
            with (
                urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2),
                connect(Secret(self.redis_url)) as client,
            ):
                return WorkerRegistry(client, beat_ms=1000).alive() >= self._workers
        except (URLError, OSError):
            return False


def installed_world() -> World:
    """The demo's workspace, with the app installed as manifest.json says."""
    world = default_world()
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    (command,) = manifest["features"]["slash_commands"]
    world.app.command, world.app.escapes = command["command"], command["should_escape"]
    world.app.scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    return world


def _until(holds: Any, what: str) -> None:
    """Wait until a server of ours is there; nothing tells when it is."""
    deadline = monotonic() + PATIENCE
    while not holds():
        if monotonic() > deadline:
            raise Failed(f"It was not seen within {PATIENCE:.0f} s that {what}.", next_step="Look at its log.")
        sleep(0.02)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
