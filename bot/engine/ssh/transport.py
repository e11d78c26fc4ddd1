"""A paramiko transport that opens channels of any kind and keeps the server's reason if it refuses one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import paramiko
from paramiko.common import cMSG_CHANNEL_OPEN

from bot.engine.ssh.channel_pipe import ChannelPipe

MAX_SESSIONS: Final = 8
"""How many session channels a host gets at once: sshd refuses the eleventh (MaxSessions 10)."""
CHANNEL_OPEN_TIMEOUT_S: Final = 4.0
"""How long a live sshd may take to answer a channel request."""
FAST_CIPHERS: Final = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
"""They authenticate what they decrypt and need no separate hash: 100 MB take 0.25 s of CPU, 0.44 s with paramiko's
first choice (aes128-ctr and hmac-sha2-256). paramiko lists them last."""


class SessionSlots:
    """Limits the session channels of a host to :data:`MAX_SESSIONS`; a thread waits for a free one. Thread-safe."""

    def __init__(self) -> None:
        self._free = MAX_SESSIONS
        self._changed = threading.Condition()

    def acquire(self, timeout: float) -> bool:
        """Take a slot within ``timeout`` seconds; return whether one was free."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free > 0, timeout):
                return False
            self._free -= 1
            return True

    @property
    def in_use(self) -> int:
        """How many slots are taken."""
        return MAX_SESSIONS - self._free

    def release(self) -> None:
        """Free a slot."""
        with self._changed:
            self._free += 1
            self._changed.notify()


class ChannelRefusedError(Exception):
    """The server refused the channel. ``reason`` is its text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ChannelTimeoutError(Exception):
    """The server did not answer in time: it is dead, or still connecting to the next host."""


class ChannelLostError(Exception):
    """The transport broke before the server answered."""


class HostChannel(paramiko.Channel):
    """A channel whose ``close`` does not fail after its connection broke."""

    def __init__(self, chanid: int) -> None:
        super().__init__(chanid)
        self.in_buffer = ChannelPipe()

    def close(self) -> None:
        """Close it."""
        with suppress(EOFError, OSError, paramiko.SSHException):
            super().close()


class HostTransport(paramiko.Transport):
    """One SSH connection. Several threads may open channels at the same time."""

    # Attributes of the base class that typeshed lacks.
    _channels: Any
    _next_channel: Callable[[], int]
    _send_user_message: Callable[[paramiko.Message], None]
    _unlink_channel: Callable[[int], None]

    def __init__(self, sock: socket.socket | paramiko.Channel) -> None:
        self._refusals: dict[int, str] = {}
        self.had_session = False
        super().__init__(sock)
        options = self.get_security_options()
        options.ciphers = (*FAST_CIPHERS, *(each for each in options.ciphers if each not in FAST_CIPHERS))

    def open(self, kind: str, payload: bytes = b"", *, timeout: float = CHANNEL_OPEN_TIMEOUT_S) -> paramiko.Channel:
        """Open a channel of type ``kind``; ``payload`` follows the common fields (RFC 4254, 5.1).

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
        # A transport that another thread closes does not set the event, so poll.
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
        self.had_session |= kind == "session"
        return channel

    def responds(self) -> bool:
        """Return whether the server still responds: it refuses a channel type that does not exist."""
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
            # Only paramiko's own open_channel calls these two, and it supports four channel types.
            channel._set_transport(self)  # noqa: SLF001 - no public API for other channel types
            channel._set_window(self.default_window_size, self.default_max_packet_size)  # noqa: SLF001 - likewise
        return number, channel, answered

    def _parse_channel_open_failure(self, message: paramiko.Message) -> None:
        """Keep sshd's reason per channel: paramiko has a single variable for it, which all threads share."""
        number, _code, reason = message.get_int(), message.get_int(), message.get_text()
        self._refusals[number] = reason
        message.rewind()
        super()._parse_channel_open_failure(message)  # type: ignore[misc] # typeshed lacks it
