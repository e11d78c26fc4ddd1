"""Run the machine's own tools, and wait for processes to end, always with a bound."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep

from bot.errors import Failed

SECONDS = 30.0
PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
"""Where tools are found: ``su`` without a dash leaves root without the folders of the superuser's tools."""
_PAUSE = 0.02


def sh(*argv: str, text_in: str | None = None, timeout: float = SECONDS) -> str:
    """Run ``argv`` and return what it printed; :class:`Failed` with its words if it ends in anything but 0."""
    try:
        done = subprocess.run(
            argv,
            input=text_in if text_in is not None else "",
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=os.environ | {"PATH": PATH},
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"`{argv[0]}` did not end within {timeout:.0f} s: {' '.join(argv)}") from error
    if done.returncode:
        raise Failed(f"`{' '.join(argv)}` ended with {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def until(condition: Callable[[], bool], what: str, *, timeout: float = SECONDS) -> None:
    """Look until ``condition`` holds; :class:`Failed` naming ``what`` if it does not within ``timeout`` seconds."""
    deadline = monotonic() + timeout
    while not condition():
        if monotonic() > deadline:
            raise Failed(f"After {timeout:.0f} s still not so: {what}.")
        sleep(_PAUSE)  # nothing outside this process tells when it holds


def kill(pids: Sequence[int], *, timeout: float = SECONDS) -> None:
    """Kill processes with -9 and return when they are gone; those gone already count as killed."""
    watched = [(pid, fd) for pid in pids if (fd := _pidfd(pid)) is not None]
    try:
        for _, fd in watched:
            signal_pidfd(fd)
        for pid, fd in watched:
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            if not poll.poll(timeout * 1000):
                raise Failed(f"Process {pid} outlived kill -9 for {timeout:.0f} s.")
    finally:
        for _, fd in watched:
            os.close(fd)


def signal_pidfd(fd: int) -> None:
    """Kill the process behind ``fd`` with -9."""
    try:
        signal.pidfd_send_signal(fd, signal.SIGKILL)
    except ProcessLookupError:
        return


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def started_at(pid: int) -> int:
    """Return when ``pid`` started, in clock ticks since the machine did; 0 if there is none, or only a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])
