"""The processes that benchmarks need, and what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic, sleep

from sandbox.processes import end

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15
CONFIG = "clusters:\n  prod:\n    channel: C0PROD\n    hosts: {host-1: 192.0.2.1}\nrules: {administer: [U0ADA]}\n"


def bot_environment(folder: Path, redis_url: str) -> dict[str, str]:
    """Return the environment of the bot's processes, with a swarmbot.yml in ``folder`` if it has none."""
    config = folder / "swarmbot.yml"
    if not config.exists():
        config.write_text(CONFIG)
    return {
        **os.environ,
        "REDIS_URL": redis_url,
        "SLACK_BOT_TOKEN": "xoxb-bench",
        "SLACK_API_URL": "http://127.0.0.1:9/",
        "SWARMBOT_CONFIG": str(config),
        "LOG_LEVEL": "WARNING",
    }


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a durable Redis with its data in ``folder`` until the end of the block; yield its URL."""
    socket = folder / "redis.sock"
    where = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
    durable = ["--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""]
    with running(["redis-server", *where, *durable], socket.exists):
        yield f"unix://{socket}"


def bot_process(
    name: str, env: Mapping[str, str], ready: Callable[[], bool] = lambda: True
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run a process of the bot, as ``web``, until the end of the block."""
    return running([sys.executable, "-m", "bot", name], ready, env)


@contextmanager
def running(
    command: list[str], ready: Callable[[], bool] = lambda: True, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process until the end of the block; it is ready when ``ready`` says so. ``env``: by default ours."""
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        deadline = monotonic() + START_TIMEOUT_S
        while not ready():
            if process.poll() is not None or monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start")
            sleep(0.02)  # there is no event for a port that begins to listen
        yield process
    finally:
        end(process, STOP_TIMEOUT_S)


def cpu_share(pid: int, seconds: float) -> float:
    """Measure for this many seconds which share of one core a process uses."""
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
