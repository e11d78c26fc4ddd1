"""The event stream of a manager. An event only means that something in the cluster changed and must be read now.

What an event says is not read. A stream repeats old events after a promotion, loses some, and stays silent on a worker
or without a quorum (docs/swarm-behaviour.md#events): so only a reading of the cluster shows what is true.
"""

from __future__ import annotations

import io
import json
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from bot.engine.api.client import EngineClient
from bot.engine.ssh import failures
from bot.engine.ssh.channel_socket import ChannelSocket
from bot.errors import EngineError, HostUnreachable

SWARM_EVENTS: Final = quote(json.dumps({"scope": ["swarm"]}))
OPEN_TIMEOUT_S: Final = 5.0
MAX_HEAD_BYTES: Final = 16_384
MAX_PIECE_BYTES: Final = 65_536


class EngineEvents:
    """See :class:`bot.model.engine_api.EventStream`. For one thread."""

    def __init__(self, client: EngineClient) -> None:
        """Open the stream. Raises HostUnreachable, EngineError."""
        self._client = client
        self._socket: ChannelSocket = client.dialer.dial(OPEN_TIMEOUT_S)
        self._reader: io.BufferedReader = self._socket.makefile()
        try:
            self._request()
        except BaseException:
            self.close()
            raise

    def wait(self, timeout_s: float) -> bool:
        """Whether an event came within ``timeout_s`` seconds."""
        self._socket.settimeout(max(timeout_s, 0.001))
        try:
            piece = self._reader.read1(MAX_PIECE_BYTES)
        except TimeoutError:
            return False
        except (OSError, EOFError):
            raise self._lost() from None
        if not piece:
            raise self._lost()
        return True

    def close(self) -> None:
        """End the stream."""
        with suppress(OSError, EOFError):
            self._reader.close()
        self._socket.close()

    def _request(self) -> None:
        path = f"/v{self._client.api_version}/events?filters={SWARM_EVENTS}"
        self._socket.settimeout(OPEN_TIMEOUT_S)
        try:
            self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: engine\r\n\r\n".encode())
            status = self._head()
        except TimeoutError:
            host = self._client.host
            text = f"The engine of `{host}` did not open its event stream within {OPEN_TIMEOUT_S:.0f} s."
            raise EngineError(host, 0, text) from None
        except (OSError, EOFError, ValueError):
            raise self._lost() from None
        if status != HTTPStatus.OK:
            raise EngineError(self._client.host, status, f"`{self._client.host}` sent no event stream ({status}).")

    def _head(self) -> int:
        """Read the head of the response, and return its status. Raise ValueError if it is not an HTTP head."""
        deadline = time.monotonic() + OPEN_TIMEOUT_S
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self._reader.read1(MAX_PIECE_BYTES)
            head += piece
            if not piece or len(head) > MAX_HEAD_BYTES or time.monotonic() > deadline:
                raise ValueError(head)
        return int(head.split(b" ", 2)[1])

    def _lost(self) -> HostUnreachable:
        return failures.connection_lost(self._client.dialer.connection.target)
