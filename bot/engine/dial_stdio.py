"""The way to an engine where sshd forbids forwarding: the Docker CLI on the host joins its socket to stdin and stdout.

Each connection is a session and a process on the host, and takes some 100 ms to open.
"""

from __future__ import annotations

import contextlib
import shlex
from functools import partial
from typing import Final

import paramiko

from bot.engine import unreachable
from bot.engine.channel_socket import ChannelSocket
from bot.engine.connection import SshConnection
from bot.engine.remote import PREAMBLE
from bot.engine.transport import ChannelRefusedError

LAST_WORDS: Final = 2.0
"""Seconds that the process on the host gets to end."""


def connect(connection: SshConnection, path: str, timeout: float) -> ChannelSocket:
    """Connect to the engine at the socket ``path``. Raises HostUnreachable, TimeoutError (no session free)."""
    if not connection.sessions.take(timeout):
        raise TimeoutError
    with contextlib.ExitStack() as undo:
        undo.callback(connection.sessions.give_back)
        channel = _session(connection)
        channel.settimeout(timeout)
        command = f'{PREAMBLE} exec docker -H "unix://$1" system dial-stdio'
        try:
            channel.exec_command(shlex.join(("sh", "-c", command, "sh", path)))
        except (paramiko.SSHException, OSError, EOFError):
            channel.close()
            raise unreachable.lost(connection.target) from None
        undo.pop_all()
    return ChannelSocket(channel, partial(_end, connection, channel))


def _end(connection: SshConnection, channel: paramiko.Channel) -> None:
    """Let the process end before the session is counted as free: sshd counts it until then."""
    try:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            channel.shutdown_write()
            channel.status_event.wait(LAST_WORDS)
            channel.close()
    finally:
        connection.sessions.give_back()


def _session(connection: SshConnection) -> paramiko.Channel:
    try:
        return connection.open("session")
    except ChannelRefusedError as error:
        raise unreachable.engine_trouble(
            connection.target,
            "socket denied",
            f"sshd forbids forwarding to the engine's socket and opens no session either ({error.reason})",
            "Set `AllowStreamLocalForwarding yes` in its sshd_config.",
        ) from None
