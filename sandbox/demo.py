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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from types import FrameType
from typing import Final, Literal, TextIO

from bot.errors import Misconfigured, SwarmbotError
from sandbox.deployment import PEOPLE, ROOT, Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.cli import DEMO_PREFIX
from sandbox.fleet.image import TASK_IMAGE
from sandbox.slack.page.hosts import HostsPanel
from sandbox.tour.cli import DEFAULT_PORT, note_url
from sandbox.tour.paced import PacedTour
from sandbox.tour.runner import run_tour
from sandbox.tour.terminal import TerminalStyle

COMPOSE: Final = f"""\
# No registry has the demo's image: `/swarm deploy shop --no-resolve` deploys it.
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
Tour = Literal["paced", "all", "only"]
END_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``demo``."""
    words = "start five Docker hosts, a local Slack and the bot, and run a tour"
    subparsers.add_parser("demo", help=words).set_defaults(act=run)


def run(_: argparse.Namespace) -> int:
    """Run the demo; the exit status is 0 only if every step of the tour succeeded.

    In a terminal the tour waits for Enter before each scene, and the demo stays up. TOUR=all plays all steps at once
    first; TOUR=only, or no terminal, ends after them.
    """
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    wanted = os.environ.get("TOUR", "")
    tour: Tour = "only" if not interactive or wanted == "only" else "all" if wanted == "all" else "paced"
    with _end_on_signals():
        return Demo(sys.stdout).run(tour)


class Demo:
    """One run. All its files are in one folder in memory, which is removed with its hosts."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._style = TerminalStyle.of(out)
        self._folder = Path(tempfile.gettempdir(), f"{DEMO_PREFIX}{secrets.token_hex(4)}")

    def run(self, tour: Tour) -> int:
        """Run the tour and return the exit status; unless ``tour`` is "only", wait for Ctrl-C after it."""
        if shutil.which("redis-server") is None:
            raise Misconfigured("redis-server is not installed.", next_step="Run `make demo` as root on Debian.")
        began = monotonic()
        self._say(self._style.bold("Swarmbot demo: five Docker hosts, a local Slack, and the bot"))
        self._say("  Starting the hosts (half a minute on a small machine)")
        with Fleet(self._folder) as fleet:
            self._say(f"  {len(fleet.hosts)} hosts are up, each with its own dockerd and sshd ({_since(began)})")
            config = {**fleet.config(), **PEOPLE}
            config["clusters"]["prod"]["stacks"] = {"shop": str(self._stack())}
            folder = self._folder / "deployment"
            deployment = Deployment(fleet, folder, watchers=1, slack_port=_slack_port(), config=config)
            return self._run_deployment(deployment, tour)

    def _stack(self) -> Path:
        """Write a compose file to try deploys with, and return it."""
        file = self._folder / "shop" / "compose.yml"
        file.parent.mkdir()
        file.write_text(COMPOSE)
        return file

    def _run_deployment(self, deployment: Deployment, tour: Tour) -> int:
        began = monotonic()
        succeeded = False
        try:
            self._say("  Starting the bot: its store, its web process, its worker and its watcher")
            with deployment:
                note_url(self._folder, deployment.slack.url)
                names = ", ".join(deployment.processes)
                self._say(f"  The bot is running: {names} ({_since(began)}); Slack listens on {deployment.slack.url}")
                self._say(
                    "  People in #prod: ada and ben are operators, cleo and dan administrators, eve may only view"
                )
                succeeded = self._show(deployment, tour)
        except SwarmbotError as error:
            self._say("", self._style.bad(f"✗ {error}"))
        if not succeeded:
            self._say("", f"  Logs: {_keep_logs(deployment.folder)}")
        self._say("", self._style.dim("  Stopping all processes and hosts of the demo"))
        return 0 if succeeded else 1

    def _show(self, deployment: Deployment, tour: Tour) -> bool:
        """Run the tour, and stay up if that is wanted; return whether all expectations were met."""
        if tour == "only":
            return run_tour(deployment, self._out, self._style)
        with HostsPanel.beside(deployment.slack, deployment.fleet):
            if tour == "paced":
                paced = PacedTour(deployment, self._out, self._style, deployment.slack.workspace.tell)
                deployment.slack.page.tour = paced
                self._say("", self._style.bold(f"Open {deployment.slack.url}/?tour=1 in a browser."), "")
                Thread(target=_go_on_with_enter, args=(paced,), name="enter", daemon=True).start()
                succeeded = paced.run()
            else:
                succeeded = run_tour(deployment, self._out, self._style)
            if succeeded or tour == "paced":
                with suppress(KeyboardInterrupt):
                    self._stay_up(deployment)
        return succeeded

    def _stay_up(self, deployment: Deployment) -> None:
        python = f"{Path(sys.executable)}" if Path.cwd() != ROOT else str(Path(sys.executable).relative_to(ROOT))
        bot = f"{python} -m bot sandbox"
        fleet = f"{bot} fleet"
        self._say(
            "",
            self._style.bold(
                f"The demo runs until you press Ctrl-C. Its Slack is {deployment.slack.url} in a browser."
            ),
            "",
            f"  In another terminal, in {ROOT}, type commands and press buttons as any of these people:",
            f'    {bot} say ada prod "/swarm status"',
            f"    {bot} click ada Share",
            "",
            f"  Deploy the stack of {self._folder}/shop/compose.yml, change the file, and deploy it again:",
            f'    {bot} say ada prod "/swarm deploy shop --no-resolve"',
            f"    {bot} click cleo Approve",
            "",
            "  Break a host there or in the page, then ask for the status again:",
            f"    {fleet} power-off host-4",
            f"    {fleet} run host-1 docker node ls",
            "",
            f"  Logs: {deployment.folder}/*.log",
        )
        Event().wait()

    def _say(self, *lines: str) -> None:
        self._out.write("".join(f"{line}\n" for line in lines))
        self._out.flush()


def _go_on_with_enter(tour: PacedTour) -> None:
    """Begin the next scene, or skip one that failed, with each line that is typed in the terminal."""
    for line in sys.stdin:
        tour.go_on(skip=line.strip() == "s")


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
