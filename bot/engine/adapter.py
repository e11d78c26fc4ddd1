"""Makes requests, and so the Docker SDK, speak over channels to an engine's socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import requests.adapters
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from bot.engine.channel_socket import ChannelSocket
from bot.engine.sessions import SPARE
from bot.engine.socket_dialer import SocketDialer

POOLED: Final = 16
SAFE: Final = {"GET", "HEAD"}


class _Connection(HTTPConnection):
    def __init__(self, dial: Callable[[float], ChannelSocket]) -> None:
        super().__init__("engine")
        self._dial = dial

    def connect(self) -> None:
        self.sock = cast("Any", self._dial(float(cast("Any", self.timeout))))

    @property
    def is_connected(self) -> bool:
        return self.sock is not None and cast("ChannelSocket", self.sock).quiet


class _Pool(HTTPConnectionPool):
    """Connections that wait for the next question."""

    def __init__(self, dialer: SocketDialer) -> None:
        super().__init__("engine", maxsize=POOLED)
        self._dialer = dialer

    def _new_conn(self) -> _Connection:
        return _Connection(self._dialer.dial)

    def _put_conn(self, conn: Any) -> None:
        sock = conn.sock if conn else None
        if sock is not None and not sock.pooled_for_free and self._dialer.connection.sessions.free() < SPARE:
            conn.close()
        super()._put_conn(conn)


class _Fresh(_Pool):
    """A new connection each time: its opening shows that the engine is there before a change is sent to it.

    A change on a pooled connection that has died would leave it unknown whether the engine got it.
    """

    def _get_conn(self, timeout: float | None = None) -> _Connection:  # noqa: ARG002 - urllib3 names it
        return self._new_conn()

    def _put_conn(self, conn: Any) -> None:
        if conn:
            conn.close()


class EngineAdapter(requests.adapters.HTTPAdapter):
    """A requests adapter for one engine, whatever the URL says."""

    def __init__(self, dialer: SocketDialer) -> None:
        super().__init__()
        self._pool = _Pool(dialer)
        self._fresh = _Fresh(dialer)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_args: object, **_kwargs: object
    ) -> HTTPConnectionPool:
        """Choose the pool by what the request does."""
        return self._pool if request.method in SAFE else self._fresh

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()
        super().close()
