"""Opens connections to one engine's socket: forwarded by sshd where it may be, else through the Docker CLI."""

from __future__ import annotations

import contextlib

import paramiko

from bot.engine import dial_stdio, streamlocal
from bot.engine.channel_socket import ChannelSocket
from bot.engine.connection import SshConnection
from bot.engine.diagnose import diagnose
from bot.engine.transport import ChannelRefusedError


class SocketDialer:
    """The socket ``path`` on the host of ``connection``. Thread-safe."""

    def __init__(self, connection: SshConnection, path: str) -> None:
        self.connection = connection
        self.path = path
        # The transport over which forwarding was found forbidden: sshd reads its settings at each connection.
        self._forbidden_on: paramiko.Transport | None = None

    def dial(self, timeout: float) -> ChannelSocket:
        """Connect to the engine. Raises HostUnreachable, TimeoutError."""
        if self._forbidden_on is not self.connection.transport():
            with contextlib.suppress(ChannelRefusedError):
                return streamlocal.connect(self.connection, self.path)
            trouble = diagnose(self.connection, self.path)
            if trouble:
                raise trouble
            # It is served: forwarding is forbidden, unless the engine came up between the two looks.
            with contextlib.suppress(ChannelRefusedError):
                return streamlocal.connect(self.connection, self.path)
            self._forbidden_on = self.connection.transport()
        return dial_stdio.connect(self.connection, self.path, timeout)
