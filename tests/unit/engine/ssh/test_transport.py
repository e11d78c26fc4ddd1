"""Which cipher a connection gets from a real SSH server."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from bot.engine.ssh.transport import FAST_CIPHERS, HostTransport
from sandbox.local_sshd import ADDRESS, local_sshd, make_key
from sandbox.ports import free_port


@pytest.mark.parametrize(
    ("offered", "used"),
    [("", FAST_CIPHERS[0]), ("aes256-gcm@openssh.com,aes128-ctr", FAST_CIPHERS[1]), ("aes256-ctr", "aes256-ctr")],
)
def test_the_quickest_cipher_is_used_that_the_server_has(tmp_path: Path, offered: str, used: str) -> None:
    """A server that has none of the quick ones is reached still."""
    make_key(tmp_path / "host")
    port = free_port()
    ciphers = (f"Ciphers={offered}",) if offered else ()
    with (
        local_sshd(tmp_path, port, f"HostKey={tmp_path / 'host'}", *ciphers),
        closing(HostTransport(socket.create_connection((ADDRESS, port), timeout=10))) as transport,
    ):
        transport.start_client(timeout=20)
        assert transport.local_cipher == used
        assert transport.remote_cipher == used  # type: ignore[attr-defined] # typeshed lacks it
