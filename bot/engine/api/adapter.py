"""A requests adapter that sends the Docker SDK's requests over SSH channels to an engine's socket."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable
from typing import Any, Final, cast

import requests.adapters
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from bot.engine.ssh.channel_socket import ChannelSocket
from bot.engine.ssh.socket_dialer import SocketDialer

MAX_FORWARDED_CONNECTIONS: Final = 16
"""How many reads one engine gets at a time."""
MAX_COMMAND_CONNECTIONS: Final = 5
"""How many reads one engine gets at a time if each read uses one of sshd's ten sessions: changes and scripts need
sessions too."""
POOL_TIMEOUT_S: Final = 10.0
"""How long a read waits for a free connection."""
SAFE_METHODS: Final = {"GET", "HEAD"}


class _Connection(HTTPConnection):
    def __init__(self, dial: Callable[[float], ChannelSocket]) -> None:
        super().__init__("engine")
        self._dial = dial

    def connect(self) -> None:
        self.sock = cast("Any", self._dial(float(cast("Any", self.timeout))))

    @property
    def is_connected(self) -> bool:
        return self.sock is not None and cast("ChannelSocket", self.sock).idle


class _PooledConnections(HTTPConnectionPool):
    """At most ``size`` connections, each used for one read at a time; a thread waits for a free one."""

    def __init__(self, dialer: SocketDialer, size: int) -> None:
        super().__init__("engine", maxsize=size, block=True)
        self._dialer = dialer

    def _new_conn(self) -> _Connection:
        return _Connection(self._dialer.dial)

    def _get_conn(self, timeout: float | None = None) -> Any:
        return super()._get_conn(POOL_TIMEOUT_S if timeout is None else timeout)


class _CommandConnections(_PooledConnections):
    """Connections through a command on the host: each occupies a session there, used or idle."""

    def _put_conn(self, conn: Any) -> None:
        if conn and self._dialer.connection.sessions_short:
            conn.close()
        super()._put_conn(conn)

    def close_idle(self) -> None:
        """Close the connections that no read uses now; the next read opens them again."""
        idle = []
        with contextlib.suppress(queue.Empty):
            while self.pool:
                idle.append(self.pool.get_nowait())
        for conn in idle:
            if conn:
                conn.close()
            super()._put_conn(conn)


class _FreshConnections(HTTPConnectionPool):
    """A new connection for each change: opening it proves that the engine responds before the change is sent.

    If a pooled connection had died, it would be unknown whether the engine received the change.
    """

    def __init__(self, dialer: SocketDialer) -> None:
        super().__init__("engine")
        self._dialer = dialer

    def _get_conn(self, timeout: float | None = None) -> _Connection:  # noqa: ARG002 - urllib3 passes it by name
        return _Connection(self._dialer.dial)

    def _put_conn(self, conn: Any) -> None:
        if conn:
            conn.close()


class EngineAdapter(requests.adapters.HTTPAdapter):
    """Sends every request to one engine and ignores the host in its URL."""

    def __init__(self, dialer: SocketDialer) -> None:
        super().__init__()
        self._dialer = dialer
        by_command = _CommandConnections(dialer, MAX_COMMAND_CONNECTIONS)
        self._pools = {"forwarded": _PooledConnections(dialer, MAX_FORWARDED_CONNECTIONS), "command": by_command}
        self._fresh = _FreshConnections(dialer)
        dialer.connection.close_idle.append(by_command.close_idle)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_args: object, **_kwargs: object
    ) -> HTTPConnectionPool:
        """Choose the pool by the request's method and the route to the engine. Raises HostUnreachable."""
        return self._pools[self._dialer.route()] if request.method in SAFE_METHODS else self._fresh

    def close(self) -> None:
        """Close the idle connections."""
        for pool in self._pools.values():
            pool.close()
        super().close()
