"""Connect to the engine's socket on a host: forwarded by sshd, or else through the Docker CLI on the host.

The command is for hosts whose sshd forbids forwarding, or whose socket only root may open, by sudo without a password.
It takes a session and a process on the host for each connection, and about 100 ms to open.
"""

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
from bot.engine.ssh.shell import start_script
from bot.engine.ssh.transport import ChannelRefusedError
from bot.errors import EngineError

STREAMLOCAL_CHANNEL: Final = "direct-streamlocal@openssh.com"
DIAL_STDIO_SCRIPT: Final = r"""
as=; [ -r "$1" ] && [ -w "$1" ] || as='sudo -n'
exec $as docker -H "unix://$1" system dial-stdio
"""
FORWARDING_STEP: Final = "Set `AllowStreamLocalForwarding yes` in its sshd_config."
EXIT_TIMEOUT_S: Final = 2.0
"""How long the process on the host may take to exit."""


def dial_command(connection: SshConnection, path: str, timeout: float) -> ChannelSocket:
    """Connect to the socket ``path`` through the Docker CLI. Raises HostUnreachable, EngineError (no free session)."""
    if not connection.session_slots.acquire(timeout):
        raise failures.sessions_busy(connection.target, timeout)
    with contextlib.ExitStack() as undo:
        undo.callback(connection.session_slots.release)
        try:
            channel = start_script(connection, DIAL_STDIO_SCRIPT, path, timeout=timeout)
        except failures.SessionsBusyError:
            raise
        except EngineError as error:
            what = f"neither SSH forwarding nor a command can reach its engine's socket: {error.happened.rstrip('.')}"
            raise failures.engine_unreachable(connection.target, "socket denied", what, FORWARDING_STEP) from None
        undo.pop_all()
    return ChannelSocket(channel, partial(_end, connection, channel))


def _end(connection: SshConnection, channel: paramiko.Channel) -> None:
    """Wait for the process to exit before the session slot is free: sshd counts the session until then."""
    try:
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            channel.shutdown_write()
            channel.status_event.wait(EXIT_TIMEOUT_S)
            channel.close()
    finally:
        connection.session_slots.release()


def dial_forwarded(connection: SshConnection, path: str) -> ChannelSocket:
    """Connect to the socket ``path`` by OpenSSH's channel type (its PROTOCOL file, section 2.4).

    Raises HostUnreachable, ChannelRefusedError. sshd gives the same refusal whether the socket does not exist, has no
    server, may not be opened, or forwarding is forbidden.
    """
    payload = paramiko.Message()
    payload.add_string(path)
    payload.add_string("")
    payload.add_int(0)
    return ChannelSocket(connection.open(STREAMLOCAL_CHANNEL, payload.asbytes()))


Route = Literal["forwarded", "command"]


class SocketDialer:
    """Connects to the socket ``path`` on the host of ``connection``. Thread-safe."""

    def __init__(self, connection: SshConnection, path: str) -> None:
        self.connection = connection
        self.path = path
        self._lock = threading.Lock()
        self._route: Route = "forwarded"
        self._route_transport: paramiko.Transport | None = None

    def route(self) -> Route:
        """Return the route that this SSH connection allows; sshd reads its settings once per connection.

        Raises HostUnreachable.
        """
        transport = self.connection.transport()
        with self._lock:
            if self._route_transport is not transport:
                self._route = self._find_route()
                self._route_transport = transport
            return self._route

    def dial(self, timeout: float) -> ChannelSocket:
        """Connect to the engine. Raises HostUnreachable, EngineError (no free session)."""
        if self.route() == "command":
            return dial_command(self.connection, self.path, timeout)
        socket = self._forwarded() or self._forwarded()
        if socket is None:  # it responded to the diagnosis, but neither before nor after
            raise failures.connection_lost(self.connection.target)
        return socket

    def _find_route(self) -> Route:
        # Twice: the engine may have come up between the refusal and the diagnosis.
        socket = self._forwarded() or self._forwarded()
        if socket is None:
            return "command"
        socket.close()
        return "forwarded"

    def _forwarded(self) -> ChannelSocket | None:
        """Connect; return None if sshd refuses although an engine serves the socket."""
        with contextlib.suppress(ChannelRefusedError):
            return dial_forwarded(self.connection, self.path)
        failure = diagnose(self.connection, self.path)
        if failure:
            raise failure
        return None
