"""The way to an engine where sshd forbids forwarding, or where its socket is root's and sudo asks for no password.

The Docker CLI on the host joins the socket to stdin and stdout. Each connection is a session and a process on the
host, and takes some 100 ms to open.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Final

import paramiko

from bot.engine.ssh import host_errors, unreachable
from bot.engine.ssh.channel_socket import ChannelSocket
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.remote import begin
from bot.errors import EngineError

SCRIPT: Final = r"""
as=; [ -r "$1" ] && [ -w "$1" ] || as='sudo -n'
exec $as docker -H "unix://$1" system dial-stdio
"""
STEP: Final = "Set `AllowStreamLocalForwarding yes` in its sshd_config."
LAST_WORDS: Final = 2.0
"""Seconds that the process on the host gets to end."""


def connect(connection: SshConnection, path: str, timeout: float) -> ChannelSocket:
    """Connect to the engine at the socket ``path``. Raises HostUnreachable, EngineError (no session free)."""
    if not connection.sessions.take(timeout):
        raise host_errors.busy(connection.target, timeout)
    with contextlib.ExitStack() as undo:
        undo.callback(connection.sessions.give_back)
        try:
            channel = begin(connection, SCRIPT, path, timeout=timeout)
        except EngineError as error:
            what = f"its engine's socket cannot be forwarded to, nor can a command join it: {error.happened}"
            raise unreachable.engine_trouble(connection.target, "socket denied", what.rstrip("."), STEP) from None
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
