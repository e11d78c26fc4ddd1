"""The TCP connection under SSH: it acknowledges at once and detects a dead host within seconds."""

from __future__ import annotations

import errno
import socket
from typing import Final

from bot.engine.ssh import failures
from bot.engine.ssh.target import SshTarget

CONNECT_TIMEOUT_S: Final = 4.0
"""The time-out for opening the TCP connection."""
KEEPALIVE_PROBES: Final = 3
"""How many TCP keepalives, a second apart, may go unanswered until the login is done. This detects a dead host within
4 s and leaves a slow sshd its time: the host's kernel answers keepalives."""
USER_TIMEOUT_MS: Final = 10_000
"""How long sent data may stay unacknowledged after the login; together with SSH's keepalive this detects a host that
dies silently within 15 s."""
AHEAD_BYTES: Final = 64 * 1024
"""How much is read at once: paramiko asks for a packet in two parts, and each part is three system calls."""
SILENCE_ERRNOS: Final = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH}


class PromptSocket(socket.socket):
    """A TCP socket that acknowledges at once: delayed acknowledgements cost 40 ms per turn of the SSH handshake.

    It reads ahead, so it is read by :meth:`recv` alone, and by one thread.
    """

    silent = False
    """Whether the other machine stopped responding; paramiko does not report why a read failed."""
    _ahead = memoryview(b"")
    """What was read and not yet asked for."""

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive; Linux resets TCP_QUICKACK, so it is set before each read."""
        if not self._ahead:
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            try:
                self._ahead = memoryview(super().recv(max(size, AHEAD_BYTES), flags))
            except OSError as error:
                self.silent |= error.errno in SILENCE_ERRNOS
                raise
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return bytes(data)

    def start_probing(self) -> None:
        """Detect a dead machine within seconds."""
        self.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, KEEPALIVE_PROBES * 1000)

    def end_probing(self) -> None:
        """Leave the detection to SSH's own keepalive."""
        self.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)


def connect(target: SshTarget) -> PromptSocket:
    """Connect to a host, with probing on. Raises HostUnreachable."""
    try:
        plain = socket.create_connection((target.address, target.port), timeout=CONNECT_TIMEOUT_S)
    except OSError as error:
        raise failures.tcp_failure(target, error) from None
    prompt = PromptSocket(fileno=plain.detach())
    prompt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    prompt.start_probing()
    return prompt
