"""A channel to a Unix socket of the host: OpenSSH's ``direct-streamlocal@openssh.com`` (its PROTOCOL, section 2.4)."""

from __future__ import annotations

from typing import Final

import paramiko

from bot.engine.ssh.channel_socket import ChannelSocket
from bot.engine.ssh.connection import SshConnection

KIND: Final = "direct-streamlocal@openssh.com"


def connect(connection: SshConnection, path: str) -> ChannelSocket:
    """Connect to the socket at ``path``. Raises HostUnreachable, and ChannelRefusedError.

    sshd refuses alike when there is no such socket, nobody serves it, it may not be opened, or forwarding is
    forbidden.
    """
    payload = paramiko.Message()
    payload.add_string(path)
    payload.add_string("")
    payload.add_int(0)
    return ChannelSocket(connection.open(KIND, payload.asbytes()))
