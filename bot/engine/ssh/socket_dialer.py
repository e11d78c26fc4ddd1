"""Opens connections to one engine's socket: forwarded by sshd where it may be, else through the Docker CLI."""

from __future__ import annotations

import contextlib
import threading
from typing import Literal

import paramiko

from bot.engine.ssh import dial_stdio, streamlocal, unreachable
from bot.engine.ssh.channel_socket import ChannelSocket
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.diagnose import diagnose
from bot.engine.ssh.transport import ChannelRefusedError

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
            return dial_stdio.connect(self.connection, self.path, timeout)
        socket = self._forwarded() or self._forwarded()
        if socket is None:  # it was up when looked at, and down before and after
            raise unreachable.lost(self.connection.target)
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
            return streamlocal.connect(self.connection, self.path)
        failure = diagnose(self.connection, self.path)
        if failure:
            raise failure
        return None
