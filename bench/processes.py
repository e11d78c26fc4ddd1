"""The processes that benchmarks need, and what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15
CONFIG = "clusters:\n  prod:\n    channel: C0PROD\n    hosts: {host-1: 192.0.2.1}\nrules: {administer: [U0ADA]}\n"


def bot_environment(folder: Path, redis: Path) -> dict[str, str]:
    """Return the environment of the bot's processes, with a swarmbot.yml in ``folder`` if it has none."""
    config = folder / "swarmbot.yml"
    if not config.exists():
        config.write_text(CONFIG)
    return {
        **os.environ,
        "REDIS_URL": f"unix://{redis}",
        "SLACK_BOT_TOKEN": "xoxb-bench",
        "SLACK_API_URL": "http://127.0.0.1:9/",
        "SWARMBOT_CONFIG": str(config),
        "LOG_LEVEL": "WARNING",
    }


def redis_server(socket: Path) -> list[str]:
    """Return the command of a durable Redis with its data beside ``socket``."""
    where = ["--port", "0", "--unixsocket", str(socket), "--dir", str(socket.parent)]
    return ["redis-server", *where, "--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""]


@contextmanager
def running(command: list[str], ready: Callable[[], bool], env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process until the end of the block: a program, or by its one word a process of the bot, as ``web``.

    It is ready when ``ready`` says so.
    """
    if len(command) == 1:
        command = [sys.executable, "-m", "bot", *command]
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        deadline = monotonic() + START_TIMEOUT_S
        while not ready():
            if process.poll() is not None or monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start")
            sleep(0.02)  # there is no event for a port that begins to listen
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_TIMEOUT_S)


def cpu_share(pid: int, seconds: float) -> float:
    """Measure for so many seconds which share of one core a process uses."""
    spent, began = cpu_s(pid), monotonic()
    sleep(seconds)
    return (cpu_s(pid) - spent) / (monotonic() - began)


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    return _status_kib(pid, "VmRSS") / 1024


def peak_memory_mib(pid: int | None = None) -> float:
    """Return the most resident memory that a process had in MiB, by default this one."""
    return _status_kib(pid or os.getpid(), "VmHWM") / 1024


def threads(pid: int) -> int:
    """Return how many threads a process has."""
    return _status_kib(pid, "Threads")


def _status_kib(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])
