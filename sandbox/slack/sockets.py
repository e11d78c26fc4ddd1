"""Socket Mode: tickets, connections and envelopes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from aiohttp import WSMsgType, web

from sandbox.slack.base import Json

MAX_CONNECTIONS: Final = 10
HEARTBEAT_INTERVAL_S: Final = 10.0
TICKET_LIFETIME_S: Final = 30.0

Reason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


@dataclass(eq=False)
class Connection:
    """One open WebSocket and the number of envelopes sent to it."""

    socket: web.WebSocketResponse
    request: web.Request
    envelopes: int = 0


@dataclass
class Sockets:
    """The bot's connections, on the server's event loop; ``tell`` is called when one opens or closes."""

    app_id: str
    tell: Callable[[], None]
    tickets: dict[str, float] = field(default_factory=dict)
    connections: list[Connection] = field(default_factory=list)
    waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    enabled: bool = True
    _turn: int = 0

    def ticket(self, now: float) -> str:
        """Return a ticket for one connection, valid for 30 s."""
        key = secrets.token_hex(16)
        self.tickets[key] = now
        return key

    async def connect(self, request: web.Request, now: float) -> web.StreamResponse:
        """Serve one connection until it ends; 403 if the ticket is used, unknown or expired."""
        given = self.tickets.pop(request.query.get("ticket", ""), None)
        if given is None or now - given > TICKET_LIFETIME_S or not self.enabled:
            return web.Response(status=403, text="this URL was already used or has expired")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_INTERVAL_S)
        await socket.prepare(request)
        if len(self.connections) >= MAX_CONNECTIONS:
            await self._goodbye(socket, "too_many_websockets")
            return socket
        connection = Connection(socket, request)
        self.connections.append(connection)
        try:
            await socket.send_json(self._hello())
            self.tell()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledge(message.json())
        finally:
            self.connections.remove(connection)
            self.tell()
        return socket

    async def send(self, envelope: Json, seconds: float) -> Json:
        """Send an envelope to the next connection in turn and return its ack.

        Raise TimeoutError if no ack arrives within ``seconds``, ConnectionError if there is no connection.
        """
        if not self.connections:
            raise ConnectionError
        connection = self.connections[self._turn % len(self.connections)]
        connection.envelopes += 1
        self._turn += 1
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self.waiting[envelope["envelope_id"]] = future
        try:
            await connection.socket.send_json(envelope)
            return await asyncio.wait_for(future, seconds)
        finally:
            del self.waiting[envelope["envelope_id"]]

    async def disconnect(self, reason: Reason) -> None:
        """Send a disconnect message to every connection; after a ``warning`` they stay open, as at Slack."""
        self.enabled = self.enabled and reason != "link_disabled"
        for connection in list(self.connections):
            await self._goodbye(connection.socket, reason)

    async def drop(self) -> None:
        """Break every connection without a disconnect message."""
        for connection in self.connections:
            if connection.request.transport is not None:
                connection.request.transport.abort()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "local", "approximate_connection_time": 18060},
            "connection_info": {"app_id": self.app_id},
        }

    def _acknowledge(self, message: Json) -> None:
        future = self.waiting.get(str(message.get("envelope_id")))
        if future is not None and not future.done():
            future.set_result(message)

    async def _goodbye(self, socket: web.WebSocketResponse, reason: Reason) -> None:
        await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}})
        if reason != "warning":
            await socket.close()
