"""The socket under SSH reads ahead, and loses nothing by it."""

from __future__ import annotations

import socket

from bot.engine.ssh.tcp import AHEAD_BYTES, PromptSocket


def test_what_was_read_ahead_is_returned_first() -> None:
    """Nothing is lost or doubled, and the end is seen after it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
        with PromptSocket(fileno=near.detach()) as prompt, far:
            prompt.settimeout(10.0)
            sent = bytes(range(251)) * (3 * AHEAD_BYTES // 251)
            far.sendall(sent[:5])
            assert prompt.recv(2) == sent[:2]
            far.sendall(sent[5:40])
            assert prompt.recv(100) == sent[2:5]
            far.sendall(sent[40:])
            far.shutdown(socket.SHUT_WR)
            received = sent[:5]
            while piece := prompt.recv(len(received)):
                received += piece
            assert received == sent
            assert prompt.recv(1) == b""
