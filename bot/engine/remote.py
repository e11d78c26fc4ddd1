"""Running a short script on a host: its words are quoted, its time bounded, no terminal, nothing on stdin."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import paramiko

from bot.engine import unreachable
from bot.engine.connection import SshConnection
from bot.engine.transport import ChannelRefusedError
from bot.errors import EngineError

# A non-interactive shell of a user who is not root finds no /sbin; messages are read, so they must be in English.
PREAMBLE: Final = "export LC_ALL=C PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin; "
CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class Completed:
    """What a script left: its exit status (-1: killed), stdout and stderr."""

    status: int
    out: str
    err: str


def run(connection: SshConnection, script: str, *words: str, timeout: float) -> Completed:
    """Run the POSIX shell ``script`` on the host with ``words`` as ``$1``….

    No secret may be among them: other users of the host see them. Raises HostUnreachable; EngineError when no
    command can be run or this one did not end in ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    with spawn(connection, script, *words, timeout=timeout) as channel:
        try:
            channel.shutdown_write()
            out = _read(channel, deadline)
            _await_end(channel, deadline)
            err = channel.recv_stderr(CHUNK) if channel.recv_stderr_ready() else b""
            return Completed(channel.recv_exit_status(), out.decode(errors="replace"), err.decode(errors="replace"))
        except TimeoutError:
            if not connection.still_answers():
                raise unreachable.lost(connection.target) from None
            raise _late(connection, timeout) from None
        except (paramiko.SSHException, OSError, EOFError):
            raise unreachable.lost(connection.target) from None


@contextmanager
def spawn(connection: SshConnection, script: str, *words: str, timeout: float) -> Iterator[paramiko.Channel]:
    """Give the channel of the POSIX shell ``script``, begun on the host with ``words``; closing it ends the script.

    ``timeout`` is for its beginning, in seconds. Raises as :func:`run` does.
    """
    if not connection.sessions.take(timeout):
        raise _late(connection, timeout)
    try:
        channel = _begin(connection, shlex.join(("sh", "-c", PREAMBLE + script, "sh", *words)), timeout)
        try:
            yield channel
        finally:
            channel.close()
    finally:
        connection.sessions.give_back()


def _begin(connection: SshConnection, command: str, timeout: float) -> paramiko.Channel:
    try:
        channel = connection.open("session")
    except ChannelRefusedError as error:
        raise unreachable.impossible(
            connection.target,
            f"runs no commands over SSH: {error.reason}",
            "Look for ForceCommand, `command=` and MaxSessions in its sshd_config and authorized_keys.",
        ) from None
    channel.settimeout(timeout)
    try:
        channel.exec_command(command)
    except (paramiko.SSHException, OSError, EOFError):
        channel.close()
        raise unreachable.lost(connection.target) from None
    return channel


def _await_end(channel: paramiko.Channel, deadline: float) -> None:
    if not channel.status_event.wait(max(0.0, deadline - time.monotonic())):
        raise TimeoutError


def _read(channel: paramiko.Channel, deadline: float) -> bytes:
    parts: list[bytes] = []
    while True:
        channel.settimeout(max(0.0, deadline - time.monotonic()))
        part = channel.recv(CHUNK)
        if not part:
            return b"".join(parts)
        parts.append(part)


def _late(connection: SshConnection, timeout: float) -> EngineError:
    return unreachable.impossible(
        connection.target,
        f"did not end a command within {timeout:g} s",
        "Look at the machine's load and disk.",
    )
