"""``python -m bot sandbox demo``: five Docker hosts, a local Slack, the bot, and the tour over all of it."""

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
from sandbox.fleet import Fleet
from sandbox.stage import ROOT, Stage
from sandbox.tour.byhand import DEFAULT_PORT
from sandbox.tour.ink import Ink
from sandbox.tour.tour import play_tour

ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``demo``."""
    words = "five Docker hosts, a local Slack, the bot, and a tour of what it does"
    subparsers.add_parser("demo", help=words).set_defaults(act=run)


def run(_: argparse.Namespace) -> int:
    """Run the demo; the exit status is 0 only if every step of the tour was seen to be true."""
    with _ending_on_signals():
        return Demo(sys.stdout).run(stays=sys.stdin.isatty() and sys.stdout.isatty() and _wanted() != "only")


class Demo:
    """One run, from nothing to nothing: everything it makes is in one folder in memory that goes with its hosts."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._ink = Ink.of(out)
        self._folder = Path(tempfile.gettempdir(), f"swarmbot-demo-{secrets.token_hex(4)}")

    def run(self, *, stays: bool) -> int:
        """Play the tour, and with ``stays`` wait for Ctrl-C after it."""
        if shutil.which("redis-server") is None:
            raise Misconfigured("redis-server is not installed.", next_step="Run `make demo` as root on Debian.")
        began = monotonic()
        self._say(self._ink.bold("Swarmbot's demo: five Docker hosts, a local Slack, and the bot between them."))
        with Fleet(self._folder) as fleet:
            self._say(f"  {len(fleet.hosts)} hosts are up, each with its own dockerd and sshd ({_since(began)})")
            stage = Stage(fleet, self._folder / "stage", slack_port=_slack_port())
            return self._staged(stage, stays=stays)

    def _staged(self, stage: Stage, *, stays: bool) -> int:
        began = monotonic()
        well = False
        try:
            with stage:
                names = ", ".join(stage.processes)
                self._say(f"  The bot runs: {names} ({_since(began)}); Slack listens on {stage.slack.url}")
                self._say("  In #prod: ada and ben operate, cleo and dan administer, eve may only look")
                well = play_tour(stage, self._out, self._ink)
                if well and stays:
                    self._stay(stage)
        except SwarmbotError as error:
            self._say("", self._ink.bad(f"✗ {error}"))
        if not well:
            self._say("", f"  Logs: {_keep_logs(stage.folder)}")
        self._say("", self._ink.dim("  Stopping everything that was started."))
        return 0 if well else 1

    def _stay(self, stage: Stage) -> None:
        python = f"{Path(sys.executable)}" if Path.cwd() != ROOT else str(Path(sys.executable).relative_to(ROOT))
        at = "" if stage.slack.url.endswith(f":{DEFAULT_PORT}") else f" --slack {stage.slack.url}"
        bot = f"{python} -m bot sandbox"
        fleet = f"{bot} fleet --state {self._folder}"
        self._say(
            "",
            self._ink.bold(f"The demo stays up until Ctrl-C. The local Slack listens on {stage.slack.url}"),
            "",
            f"  In another terminal, in {ROOT}, type as anybody and press what they see:",
            f'    {bot} say{at} ada prod "/swarm status"',
            f"    {bot} click{at} ada Share",
            "",
            "  Break something, and ask again:",
            f"    {fleet} power-off host-4",
            f"    {fleet} run host-1 docker node ls",
            "",
            f"  Logs: {stage.folder}/*.log",
        )
        with suppress(KeyboardInterrupt):
            threading.Event().wait()

    def _say(self, *lines: str) -> None:
        self._out.write("".join(f"{line}\n" for line in lines))
        self._out.flush()


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    """Turn the first signal to end into KeyboardInterrupt and ignore further ones: what follows is clearing up."""

    def end(_number: int, _frame: FrameType | None) -> None:
        for each in ENDINGS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, end) for each in ENDINGS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _keep_logs(folder: Path) -> Path:
    """Copy the logs out of the folder, which goes with the hosts."""
    kept = Path(tempfile.mkdtemp(prefix="swarmbot-demo-logs-"))
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)
    return kept


def _slack_port() -> int:
    """The usual port, or any where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
        except OSError:
            return 0
    return DEFAULT_PORT


def _wanted() -> str:
    return os.environ.get("TOUR", "")


def _since(began: float) -> str:
    return f"{monotonic() - began:.1f} s"
