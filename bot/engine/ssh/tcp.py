"""The TCP connection under SSH: prompt, and soon aware that the machine at its other end is dead."""

from __future__ import annotations

import errno
import socket
from typing import Final

from bot.engine.ssh import failures
from bot.engine.ssh.target import SshTarget

CONNECT: Final = 4.0
"""Seconds for the TCP connection."""
PROBES: Final = 3
"""How often, a second apart, a silent machine is asked whether it is there, until somebody is logged in. A dead one is
told within 4 s; a slow sshd has its time, for its kernel answers."""
USER_TIMEOUT_MS: Final = 10_000
"""Milliseconds that sent data may stay unacknowledged after the log-in; with SSH's keepalive a silent death shows
within 15 s."""
UNANSWERED: Final = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH}


class PromptSocket(socket.socket):
    """A TCP socket that acknowledges at once: delayed acknowledgements cost 40 ms a turn of the SSH handshake.

    ``silent`` is set when the machine at its other end answers nothing any more; paramiko tells no reason.
    """

    silent = False

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive; Linux forgets TCP_QUICKACK, so it is set before each."""
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        try:
            return super().recv(size, flags)
        except OSError as error:
            self.silent |= error.errno in UNANSWERED
            raise

    def probe(self) -> None:
        """Find out soon that the machine at the other end is dead."""
        self.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, PROBES * 1000)

    def end_probing(self) -> None:
        """Leave that to SSH's own keepalive."""
        self.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)


def dial(target: SshTarget) -> PromptSocket:
    """Connect to a host, probing it. Raises HostUnreachable."""
    try:
        plain = socket.create_connection((target.address, target.port), timeout=CONNECT)
    except OSError as error:
        raise failures.from_os_error(target, error) from None
    prompt = PromptSocket(fileno=plain.detach())
    prompt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    prompt.probe()
    return prompt
