"""A paramiko transport that opens channels of any kind and keeps the server's reason when it refuses one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import paramiko
from paramiko.common import cMSG_CHANNEL_OPEN

MAX_SESSIONS: Final = 8


class Sessions:
    """Counts session channels; who finds none free waits. Thread-safe."""

    def __init__(self) -> None:
        self._free = MAX_SESSIONS
        self._changed = threading.Condition()

    def take(self, timeout: float) -> bool:
        """Take one within ``timeout`` seconds; whether there was one."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free > 0, timeout):
                return False
            self._free -= 1
            return True

    def give_back(self) -> None:
        """Free one."""
        with self._changed:
            self._free += 1
            self._changed.notify()


CHANNEL_OPEN: Final = 4.0
"""Seconds within which a live sshd answers the opening of a channel."""


class ChannelRefusedError(Exception):
    """The server answered, and opened no channel. ``reason`` is its text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ChannelTimeoutError(Exception):
    """The server did not answer in time: it is dead, or still connecting further for us."""


class ChannelLostError(Exception):
    """The transport broke before the server answered."""


class HostChannel(paramiko.Channel):
    """A channel that can be closed after its connection has broken, which closed it as well."""

    def close(self) -> None:
        """Close it."""
        with suppress(EOFError, OSError, paramiko.SSHException):
            super().close()


class HostTransport(paramiko.Transport):
    """One SSH connection. Any number of threads may open channels at once."""

    # What typeshed leaves out of the base class.
    _channels: Any
    _next_channel: Callable[[], int]
    _send_user_message: Callable[[paramiko.Message], None]
    _unlink_channel: Callable[[int], None]

    def __init__(self, sock: socket.socket | paramiko.Channel) -> None:
        self._refusals: dict[int, str] = {}
        super().__init__(sock)

    def open(self, kind: str, payload: bytes = b"", *, timeout: float = CHANNEL_OPEN) -> paramiko.Channel:
        """Open a channel of ``kind`` with ``payload`` after the common fields (RFC 4254, 5.1).

        Raises ChannelRefusedError, ChannelTimeoutError, ChannelLostError.
        """
        number, channel, answered = self._new_channel()
        message = paramiko.Message()
        message.add_byte(cMSG_CHANNEL_OPEN)
        message.add_string(kind)
        message.add_int(number)
        message.add_int(self.default_window_size)
        message.add_int(self.default_max_packet_size)
        message.add_bytes(payload)
        deadline = time.monotonic() + timeout
        try:
            self._send_user_message(message)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise ChannelLostError from error
        # A transport that is closed from another thread does not set the event: so look now and then.
        while not answered.wait(0.2):
            if not self.is_active():
                raise ChannelLostError
            if time.monotonic() > deadline:
                self._unlink_channel(number)
                raise ChannelTimeoutError
        if number in self._refusals:
            raise ChannelRefusedError(self._refusals.pop(number))
        if not self.is_active():
            raise ChannelLostError
        return channel

    def answers(self) -> bool:
        """Whether the server still answers: it refuses a kind of channel that nobody has."""
        try:
            self.open("alive@swarmbot").close()
        except ChannelRefusedError:
            return True
        except (ChannelTimeoutError, ChannelLostError):
            return False
        return True

    def _new_channel(self) -> tuple[int, paramiko.Channel, threading.Event]:
        with self.lock:
            number = self._next_channel()
            channel: Any = HostChannel(number)
            answered = threading.Event()
            self._channels.put(number, channel)
            self.channel_events[number] = answered
            self.channels_seen[number] = True
            # paramiko keeps these two for its own open_channel, which knows four kinds only.
            channel._set_transport(self)  # noqa: SLF001 - no public way to a channel of another kind
            channel._set_window(self.default_window_size, self.default_max_packet_size)  # noqa: SLF001 - likewise
        return number, channel, answered

    def _parse_channel_open_failure(self, message: paramiko.Message) -> None:
        """Keep sshd's reason by channel: paramiko has one place for it, which threads take from each other."""
        number, _code, reason = message.get_int(), message.get_int(), message.get_text()
        self._refusals[number] = reason
        message.rewind()
        super()._parse_channel_open_failure(message)  # type: ignore[misc] # typeshed leaves it out
