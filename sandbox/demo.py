"""``python -m bot sandbox demo``: five Docker hosts, a local Slack, the bot, and the tour."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Final, TextIO

from bot.errors import Misconfigured, SwarmbotError
from sandbox.deployment import PEOPLE, ROOT, Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.image import TASK_IMAGE
from sandbox.tour.cli import DEFAULT_PORT
from sandbox.tour.runner import run_tour
from sandbox.tour.terminal import TerminalStyle

COMPOSE: Final = f"""\
version: "3.8"
services:
  web:
    image: {TASK_IMAGE}
    environment: {{LOG_LEVEL: info, DB_PASSWORD: demo}}
    networks: [inner]
    deploy: {{replicas: 2}}
  db:
    image: {TASK_IMAGE}
    networks: [inner]
networks:
  inner: {{driver: overlay}}
"""
END_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``demo``."""
    words = "start five Docker hosts, a local Slack and the bot, and run a tour"
    subparsers.add_parser("demo", help=words).set_defaults(act=run)


def run(_: argparse.Namespace) -> int:
    """Run the demo; the exit status is 0 only if every step of the tour succeeded."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    with _end_on_signals():
        return Demo(sys.stdout).run(stay_up=interactive and os.environ.get("TOUR") != "only")


class Demo:
    """One run. All its files are in one folder in memory, which is removed with its hosts."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._style = TerminalStyle.of(out)
        self._folder = Path(tempfile.gettempdir(), f"swarmbot-demo-{secrets.token_hex(4)}")

    def run(self, *, stay_up: bool) -> int:
        """Run the tour and return the exit status; with ``stay_up`` wait for Ctrl-C after the tour."""
        if shutil.which("redis-server") is None:
            raise Misconfigured("redis-server is not installed.", next_step="Run `make demo` as root on Debian.")
        began = monotonic()
        self._say(self._style.bold("Swarmbot demo: five Docker hosts, a local Slack, and the bot"))
        with Fleet(self._folder) as fleet:
            self._say(f"  {len(fleet.hosts)} hosts are up, each with its own dockerd and sshd ({_since(began)})")
            config = {**fleet.config(), **PEOPLE}
            config["clusters"]["prod"]["stacks"] = {"shop": str(self._stack())}
            folder = self._folder / "deployment"
            deployment = Deployment(fleet, folder, watchers=1, slack_port=_slack_port(), config=config)
            return self._run_deployment(deployment, stay_up=stay_up)

    def _stack(self) -> Path:
        """Write a compose file to try deploys with, and return it."""
        file = self._folder / "shop" / "compose.yml"
        file.parent.mkdir()
        file.write_text(COMPOSE)
        return file

    def _run_deployment(self, deployment: Deployment, *, stay_up: bool) -> int:
        began = monotonic()
        succeeded = False
        try:
            with deployment:
                names = ", ".join(deployment.processes)
                self._say(f"  The bot is running: {names} ({_since(began)}); Slack listens on {deployment.slack.url}")
                self._say(
                    "  People in #prod: ada and ben are operators, cleo and dan administrators, eve may only view"
                )
                succeeded = run_tour(deployment, self._out, self._style)
                if succeeded and stay_up:
                    self._stay_up(deployment)
        except SwarmbotError as error:
            self._say("", self._style.bad(f"✗ {error}"))
        if not succeeded:
            self._say("", f"  Logs: {_keep_logs(deployment.folder)}")
        self._say("", self._style.dim("  Stopping all processes and hosts of the demo"))
        return 0 if succeeded else 1

    def _stay_up(self, deployment: Deployment) -> None:
        python = f"{Path(sys.executable)}" if Path.cwd() != ROOT else str(Path(sys.executable).relative_to(ROOT))
        at = "" if deployment.slack.url.endswith(f":{DEFAULT_PORT}") else f" --slack {deployment.slack.url}"
        bot = f"{python} -m bot sandbox"
        fleet = f"{bot} fleet --state {self._folder}"
        self._say(
            "",
            self._style.bold(
                f"The demo runs until you press Ctrl-C. The local Slack listens on {deployment.slack.url}"
            ),
            "",
            f"  In another terminal, in {ROOT}, type commands and press buttons as any of these people:",
            f'    {bot} say{at} ada prod "/swarm status"',
            f"    {bot} click{at} ada Share",
            "",
            f"  Deploy the stack of {self._folder}/shop/compose.yml, change the file, and deploy it again:",
            f'    {bot} say{at} ada prod "/swarm deploy shop --no-resolve"',
            f"    {bot} click{at} cleo Approve",
            "",
            "  Break a host, then ask for the status again:",
            f"    {fleet} power-off host-4",
            f"    {fleet} run host-1 docker node ls",
            "",
            f"  Logs: {deployment.folder}/*.log",
        )
        with suppress(KeyboardInterrupt):
            threading.Event().wait()

    def _say(self, *lines: str) -> None:
        self._out.write("".join(f"{line}\n" for line in lines))
        self._out.flush()


@contextmanager
def _end_on_signals() -> Iterator[None]:
    """Turn the first end signal into KeyboardInterrupt; ignore further ones during the clean-up."""

    def end(_number: int, _frame: FrameType | None) -> None:
        for each in END_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, end) for each in END_SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _keep_logs(folder: Path) -> Path:
    """Copy the logs out of the folder, which is removed with the hosts."""
    kept = Path(tempfile.mkdtemp(prefix="swarmbot-demo-logs-"))
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)
    return kept


def _slack_port() -> int:
    """Return the default port, or 0 for any port if it is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
        except OSError:
            return 0
    return DEFAULT_PORT


def _since(began: float) -> str:
    return f"{monotonic() - began:.1f} s"
