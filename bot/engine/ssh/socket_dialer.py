"""Opens connections to one engine's socket: forwarded by sshd where it may be, else through the Docker CLI."""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from typing import Final, Literal

import paramiko

from bot.engine.ssh import failures
from bot.engine.ssh.channel_socket import ChannelSocket
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.diagnose import diagnose
from bot.engine.ssh.shell import begin
from bot.engine.ssh.transport import ChannelRefusedError
from bot.errors import EngineError

DIAL_STDIO_SCRIPT: Final = r"""
as=; [ -r "$1" ] && [ -w "$1" ] || as='sudo -n'
exec $as docker -H "unix://$1" system dial-stdio
"""
FORWARDING_STEP: Final = "Set `AllowStreamLocalForwarding yes` in its sshd_config."
EXIT_TIMEOUT_S: Final = 2.0
"""Seconds that the process on the host gets to end."""


def _join_by_command(connection: SshConnection, path: str, timeout: float) -> ChannelSocket:
    """Connect to the engine at the socket ``path``. Raises HostUnreachable, EngineError (no session free)."""
    if not connection.sessions.take(timeout):
        raise failures.busy(connection.target, timeout)
    with contextlib.ExitStack() as undo:
        undo.callback(connection.sessions.give_back)
        try:
            channel = begin(connection, DIAL_STDIO_SCRIPT, path, timeout=timeout)
        except EngineError as error:
            what = f"its engine's socket cannot be forwarded to, nor can a command join it: {error.happened}".rstrip(".")
            raise failures.engine_trouble(
                connection.target, "socket denied", what.rstrip("."), FORWARDING_STEP
            ) from None
        undo.pop_all()
    return ChannelSocket(channel, partial(_end, connection, channel))


def _end(connection: SshConnection, channel: paramiko.Channel) -> None:
    """Let the process end before the session is counted as free: sshd counts it until then."""
    try:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            channel.shutdown_write()
            channel.status_event.wait(EXIT_TIMEOUT_S)
            channel.close()
    finally:
        connection.sessions.give_back()


STREAMLOCAL_CHANNEL: Final = "direct-streamlocal@openssh.com"


def _forward(connection: SshConnection, path: str) -> ChannelSocket:
    """Connect to the socket at ``path``. Raises HostUnreachable, and ChannelRefusedError.

    sshd refuses alike when there is no such socket, nobody serves it, it may not be opened, or forwarding is
    forbidden.
    """
    payload = paramiko.Message()
    payload.add_string(path)
    payload.add_string("")
    payload.add_int(0)
    return ChannelSocket(connection.open(STREAMLOCAL_CHANNEL, payload.asbytes()))


Route = Literal["forwarded", "command"]


class SocketDialer:
    """The socket ``path`` on the host of ``connection``. Thread-safe."""

    def __init__(self, connection: SshConnection, path: str) -> None:
        self.connection = connection
        self.path = path
        self._lock = threading.Lock()
        self._way: Route = "forwarded"
        self._found_on: paramiko.Transport | None = None

    def way(self) -> Route:
        """Return the way that this SSH connection offers; sshd reads its settings once a connection.

        Raises HostUnreachable.
        """
        transport = self.connection.transport()
        with self._lock:
            if self._found_on is not transport:
                self._way = self._find()
                self._found_on = transport
            return self._way

    def dial(self, timeout: float) -> ChannelSocket:
        """Connect to the engine. Raises HostUnreachable, EngineError (all sessions are in use)."""
        if self.way() == "command":
            return _join_by_command(self.connection, self.path, timeout)
        socket = self._forwarded() or self._forwarded()
        if socket is None:  # it was up when looked at, and down before and after
            raise failures.lost(self.connection.target)
        return socket

    def _find(self) -> Route:
        # Twice: the engine may have come up between being refused and the look at why.
        socket = self._forwarded() or self._forwarded()
        if socket is None:
            return "command"
        socket.close()
        return "forwarded"

    def _forwarded(self) -> ChannelSocket | None:
        """Connect; None when sshd refuses and yet an engine serves the socket."""
        with contextlib.suppress(ChannelRefusedError):
            return _forward(self.connection, self.path)
        failure = diagnose(self.connection, self.path)
        if failure:
            raise failure
        return None
