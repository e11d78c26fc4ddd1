"""A channel as a socket, when the SSH connection under it has broken."""

from __future__ import annotations

from unittest.mock import create_autospec

import paramiko
import pytest

from bot.engine.ssh.channel_socket import ChannelSocket


@pytest.mark.parametrize("broken", [EOFError(), OSError("Socket is closed"), paramiko.SSHException("no session")])
def test_closing_what_has_broken_raises_nothing(broken: Exception) -> None:
    """Paramiko says goodbye over the connection that is not there any more; whoever closes wants no more than that."""
    channel = create_autospec(paramiko.Channel, instance=True)
    channel.close.side_effect = broken
    ChannelSocket(channel).close()
    channel.close.assert_called_once_with()
