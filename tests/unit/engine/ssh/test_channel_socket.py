"""A channel as a socket whose SSH connection broke."""

from __future__ import annotations

from unittest.mock import create_autospec

import paramiko
import pytest

from bot.engine.ssh.channel_socket import ChannelSocket


@pytest.mark.parametrize("broken", [EOFError(), OSError("Socket is closed"), paramiko.SSHException("no session")])
def test_closing_a_broken_channel_raises_nothing(broken: Exception) -> None:
    """Paramiko tries to send a close message over the broken connection."""
    channel = create_autospec(paramiko.Channel, instance=True)
    channel.close.side_effect = broken
    ChannelSocket(channel).close()
    channel.close.assert_called_once_with()
