"""A complete Swarmbot deployment on one machine: Docker hosts, a Redis, a local Slack and the Procfile's processes."""

from __future__ import annotations

import json
import os
import secrets
import shlex
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
from sandbox.ports import free_port
from sandbox.processes import end
from sandbox.slack.local import LocalSlack
from sandbox.slack.team import Team, demo_team

ROOT: Final = Path(__file__).parents[1]
START_TIMEOUT_S: Final = 120.0
STOP_TIMEOUT_S: Final = 15.0
POLL_INTERVAL_S: Final = 0.02
REDIS_OPTIONS: Final = "--appendonly yes --maxmemory-policy noeviction"
TWO_OF_FOUR: Final = {
    subject: {"by": ["admins", "operators"]}
    for subject in ("force", "force-new-cluster", "recover", "restore", "ca rotate")
}
"""Commands that need two approvals. Only one of two administrators is not the requester, so operators approve too."""
PEOPLE: Final[dict[str, Any]] = {
    "people": {"operators": ["S0OPS"], "admins": ["S0ADMINS"]},
    "rules": {"view": "everyone", "operate": ["operators"], "administer": ["admins"], "approvals": TWO_OF_FOUR},
}


class Deployment:
    """A context manager that runs the bot for a running ``fleet``; ``folder`` holds logs, data and swarmbot.yml.

    The processes have the names of the Procfile; workers are ``worker.1`` to ``worker.WORKERS``, and ``watch.1`` and so
    on watch.
    """

    def __init__(
        self,
        fleet: Fleet,
        folder: Path,
        *,
        workers: int = 1,
        watchers: int = 0,
        slack_port: int = 0,
        config: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        commands: Mapping[str, str] | None = None,
    ) -> None:
        self.fleet = fleet
        self.folder = folder
        self.port = free_port()
        self._workers = workers
        self._watchers = watchers
        self._redis_port = free_port()
        backups = {"folder": str(folder / "backups")}
        self._config = {"backups": backups, **(config or {**fleet.config(), **PEOPLE})}
        self._extra = dict(environment or {})
        self._commands = commands or {}
        self._secret_key = Secret(secrets.token_urlsafe(32))
        self._stack = ExitStack()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        bot_url = f"http://127.0.0.1:{self.port}/slack/events"
        self.slack = LocalSlack(team_with_manifest(), bot_url=bot_url, port=slack_port)

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
        """The URL of its own Redis."""
        return f"redis://127.0.0.1:{self._redis_port}/0"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of the bot's processes."""
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
        """Return the output of a process."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def start(self, name: str) -> None:
        """Start ``web``, ``worker.1``, ``watch.1``, … with the Procfile's command, or another one for this process."""
        commands = {**parse_procfile((ROOT / "Procfile").read_text()).processes, **self._commands}
        self._spawn(name, shlex.split(commands[name.partition(".")[0]]))

    def start_redis(self) -> None:
        """Start Redis with its stored data, and return when it responds."""
        data = self.folder / "redis"
        data.mkdir(exist_ok=True)
        settings = f"--port {self._redis_port} --bind 127.0.0.1 --dir {data} {REDIS_OPTIONS}"
        self._spawn("redis", ["redis-server", *shlex.split(settings)])
        _until(self._redis_responds, "Redis responds")

    def stop(self, name: str) -> None:
        """Send SIGTERM to a process, and SIGKILL if it has not ended after 15 s."""
        end(self.processes.pop(name), STOP_TIMEOUT_S)

    def kill(self, name: str) -> None:
        """Send SIGKILL to a process."""
        process = self.processes.pop(name)
        process.kill()
        process.wait(STOP_TIMEOUT_S)

    def _start(self) -> None:
        self._stack.enter_context(self.slack)
        (self.folder / "swarmbot.yml").write_text(yaml.safe_dump(dict(self._config), sort_keys=False))
        self.start_redis()
        self.start("web")
        for number in range(1, self._workers + 1):
            self.start(f"worker.{number}")
        for number in range(1, self._watchers + 1):
            self.start(f"watch.{number}")
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

    def _redis_responds(self) -> bool:
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


def team_with_manifest() -> Team:
    """Return the demo's team with the app installed as in manifest.json."""
    team = demo_team()
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    (command,) = manifest["features"]["slash_commands"]
    team.app.command, team.app.escapes = command["command"], command["should_escape"]
    team.app.shortcuts = {each["callback_id"]: each["name"] for each in manifest["features"]["shortcuts"]}
    team.app.scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    return team


def _until(holds: Any, what: str) -> None:
    """Poll until a server that was started is ready."""
    deadline = monotonic() + START_TIMEOUT_S
    while not holds():
        if monotonic() > deadline:
            raise Failed(f"Timed out after {START_TIMEOUT_S:.0f} s: {what}.", next_step="Look at its log.")
        sleep(POLL_INTERVAL_S)
