"""Runs the machine's programs and waits for conditions and for processes to end, always with a time-out."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from bot.errors import Failed

COMMAND_TIMEOUT_S = 30.0
PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
"""The search path: ``su`` without a dash leaves out the folders of root's programs."""
_MIN_POLL_INTERVAL_S = 0.02
_MAX_POLL_INTERVAL_S = 0.5
_PAUSE_SHARE = 0.2
"""The next pause is this share of the time waited so far."""

Found = TypeVar("Found")


def sh(*argv: str, text_in: str | None = None, timeout: float = COMMAND_TIMEOUT_S) -> str:
    """Run ``argv`` and return its output. Raise Failed with its output if it fails or times out."""
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
        raise Failed(f"`{argv[0]}` timed out after {timeout:.0f} s: {' '.join(argv)}") from error
    if done.returncode:
        output = (done.stderr or done.stdout).strip()
        raise Failed(f"`{' '.join(argv)}` failed with exit status {done.returncode}: {output}")
    return done.stdout


def until(
    condition: Callable[[], bool],
    what: str,
    *,
    timeout: float = COMMAND_TIMEOUT_S,
    max_interval_s: float = _MAX_POLL_INTERVAL_S,
) -> None:
    """Poll until ``condition`` holds. Raise Failed with ``what`` if it does not hold within ``timeout`` seconds.

    The pause grows with the time waited so far: a condition may start Docker's command line, which uses as much CPU as
    it gets.
    """
    await_found(condition, what, timeout=timeout, max_interval_s=max_interval_s)


def await_found(
    query: Callable[[], Found],
    what: str,
    *,
    timeout: float = COMMAND_TIMEOUT_S,
    max_interval_s: float = _MAX_POLL_INTERVAL_S,
) -> Found:
    """Poll as :func:`until` does, until ``query`` returns a true value, and return that value."""
    began = monotonic()
    while not (found := query()):
        elapsed_s = monotonic() - began
        if elapsed_s > timeout:
            raise Failed(f"Not seen within {timeout:.0f} s: {what}.")
        sleep(min(max(_MIN_POLL_INTERVAL_S, elapsed_s * _PAUSE_SHARE), max_interval_s))
    return found


def kill(pids: Sequence[int], *, timeout: float = COMMAND_TIMEOUT_S) -> None:
    """Kill processes with SIGKILL and return when they have ended; ignore those that do not exist."""
    watched = [(pid, fd) for pid in pids if (fd := _pidfd(pid)) is not None]
    try:
        for _, fd in watched:
            signal_pidfd(fd)
        for pid, fd in watched:
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            if not poll.poll(timeout * 1000):
                raise Failed(f"Process {pid} did not end within {timeout:.0f} s after SIGKILL.")
    finally:
        for _, fd in watched:
            os.close(fd)


def signal_pidfd(fd: int) -> None:
    """Send SIGKILL to the process of ``fd``."""
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
    """Return the start time of ``pid`` in clock ticks since boot; 0 if it does not exist or is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])
