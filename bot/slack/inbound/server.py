"""Serves the WSGI application with waitress, which reads a whole request before a thread sees it.

So a client that sends slowly holds a socket and no thread. Here the time of a whole request and the sockets of one
address are bounded. When an address, or the process, has too many, the connection that has waited longest for the rest
of its request is closed. So a request that arrives at once is always served.
"""

from __future__ import annotations

import logging
import signal
import socket
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

REQUEST_TIMEOUT_S: Final = 10
"""The time-out of a whole request, from its first byte to its last; also of a connection without a request."""
CLEANUP_INTERVAL_S: Final = 1
PAUSE_S: Final = 3 * CLEANUP_INTERVAL_S
"""After this time without a cleanup this process was suspended."""
MAX_SOCKETS: Final = 1000
MAX_SOCKETS_PER_ADDRESS: Final = 600
"""More than a reverse proxy opens, whose address all requests have."""
MAX_HEADER_BYTES: Final = 16 * 1024
STOP_TIMEOUT_S: Final = 10
"""How long requests that are being answered may take when the process is stopped."""

log = logging.getLogger(__name__)


class _Channel(HTTPChannel):  # type: ignore[misc] # waitress has no types
    """A connection whose part of a request counts as no activity: waitress closes it after REQUEST_TIMEOUT_S."""

    last_activity: float

    def handle_read(self) -> None:
        before, partial = self.last_activity, self.request
        super().handle_read()
        if partial is not None and self.request is partial:
            self.last_activity = before

    def writable(self) -> bool:
        """Whether there is something to send that no thread is sending already.

        Otherwise the loop would not wait while a thread sends, and would keep the interpreter's lock from it.
        """
        if self.total_outbufs_len:
            if not self.outbuf_lock.acquire(blocking=False):
                return False
            self.outbuf_lock.release()
        return bool(super().writable())

    def write_soon(self, data: bytes) -> int:
        """Send, in a thread; what the socket does not take is sent by the loop. Return the number of bytes."""
        taken: int = super().write_soon(data)
        if self.total_outbufs_len:
            self.server.pull_trigger()
        return taken

    @property
    def waiting(self) -> bool:
        """Whether no request of it is being answered."""
        return not self.requests and not self.total_outbufs_len


class Server(TcpWSGIServer):  # type: ignore[misc] # waitress has no types
    """A waitress server that makes room for a new connection by closing the slowest one."""

    channel_class = _Channel
    _cleaned_at = 0.0

    def maintenance(self, now: float) -> None:
        """Close connections whose time is over; if this process was suspended, only after it has read what arrived."""
        paused, self._cleaned_at = now - self._cleaned_at > PAUSE_S, now
        if not paused:
            super().maintenance(now)

    def accept(self) -> tuple[socket.socket, Any] | None:
        """Return the next connection and its address, or None."""
        accepted: tuple[socket.socket, Any] | None = super().accept()
        if accepted is not None:
            self._make_room(accepted[1][0])
        return accepted

    def _make_room(self, address: str) -> None:
        channels = [*self.active_channels.values()]
        same = [channel for channel in channels if channel.addr[0] == address]
        for crowd, limit in ((same, MAX_SOCKETS_PER_ADDRESS), (channels, MAX_SOCKETS)):
            waiting = [channel for channel in crowd if channel.waiting]
            if len(crowd) >= limit and waiting:
                min(waiting, key=lambda channel: channel.last_activity).handle_close()
                return


def make_server(
    application: WSGIApplication, port: int, threads: int, *, request_timeout_s: int = REQUEST_TIMEOUT_S
) -> Server:
    """Return a server that listens on ``port`` of every address (0: any free port). Raises OSError if it is taken."""
    settings = Adjustments(
        host="0.0.0.0",  # noqa: S104 - the reverse proxy may be on another machine
        port=port,
        threads=threads,
        channel_timeout=request_timeout_s,
        cleanup_interval=CLEANUP_INTERVAL_S,
        connection_limit=MAX_SOCKETS + 100,
        max_request_header_size=MAX_HEADER_BYTES,
        asyncore_use_poll=True,
        clear_untrusted_proxy_headers=False,  # nothing trusts them; /metrics is refused to requests with them
        backlog=1024,
        ident=None,
    )
    return Server(application, adj=settings, sockinfo=settings.listen[0])


def serve(application: WSGIApplication, port: int, threads: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests that are being answered."""
    server = make_server(application, port, threads)

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    log.info("web: listening on port %s", server.effective_port)
    try:
        server.asyncore.loop(timeout=1, map=server._map, use_poll=True)  # noqa: SLF001 - as its own run() does
    except SystemExit:
        server.task_dispatcher.shutdown(cancel_pending=False, timeout=STOP_TIMEOUT_S)
    finally:
        server.close()
