"""An SSH channel with the interface of a socket, for the standard library's HTTP client."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from contextlib import suppress

import paramiko


class ChannelSocket:
    """A socket over ``channel``. Once it and its readers are closed, ``end`` is called, which closes the channel."""

    def __init__(self, channel: paramiko.Channel, end: Callable[[], None] | None = None) -> None:
        self._channel = channel
        self._end = end or channel.close
        self._readers = 0
        self._wanted = True
        self._ended = False

    @property
    def idle(self) -> bool:
        """Whether it is open with nothing to read, as a connection between two requests must be."""
        channel = self._channel
        return not (channel.closed or channel.eof_received or channel.recv_ready())

    def settimeout(self, seconds: float | None) -> None:
        """Set the timeout of each following read and write."""
        self._channel.settimeout(seconds)

    def sendall(self, data: bytes) -> None:
        """Send all of ``data``. Raises OSError."""
        try:
            self._channel.sendall(data)
        except (EOFError, paramiko.SSHException) as error:
            raise ConnectionResetError(errno.ECONNRESET, "the SSH connection broke") from error

    def makefile(self, mode: str = "rb", _buffering: int | None = None) -> io.BufferedReader:
        """Return a buffered reader. The channel stays open until the reader is closed, as with a real socket."""
        if mode != "rb":
            raise ValueError(mode)
        self._readers += 1
        return io.BufferedReader(_Reader(self._channel, self._release))

    def close(self) -> None:
        """Close once the last reader is closed."""
        self._wanted = False
        self._close_unless_used()

    def _release(self) -> None:
        self._readers -= 1
        self._close_unless_used()

    def _close_unless_used(self) -> None:
        if not (self._wanted or self._readers or self._ended):
            self._ended = True
            with suppress(EOFError, OSError, paramiko.SSHException):  # the SSH connection broke, which closed it
                self._end()


class _Reader(io.RawIOBase):
    def __init__(self, channel: paramiko.Channel, release: Callable[[], None]) -> None:
        super().__init__()
        self._channel = channel
        self._release = release

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override] # typeshed: any Buffer
        data = self._channel.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._release()
        super().close()
