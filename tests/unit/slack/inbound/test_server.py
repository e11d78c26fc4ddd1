"""Slow clients hold neither a thread nor, for long, a socket; requests that arrive at once are served beside them."""

from __future__ import annotations

import http.client
import logging
import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread
from time import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

import pytest
import waitress.server

from bot.slack.inbound import server as server_module
from bot.slack.inbound.server import Server, make_server
from bot.slack.inbound.web import FORWARDED
from sandbox.fleet.shell import until

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

HALF_A_HEAD: Final = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-Slow: "
HALF_A_BODY: Final = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na"
A_REQUEST: Final = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"
THREADS: Final = 4
LARGE_BYTES: Final = 16 * 2**20
"""More than the buffers of a socket take."""


def _echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def _serving(application: WSGIApplication = _echo) -> Iterator[Server]:
    server = make_server(application, 0, THREADS, request_timeout_s=60)
    running = True

    def run() -> None:
        while running:
            server.asyncore.loop(timeout=0.1, map=server._map, use_poll=True, count=1)

    thread = Thread(target=run)
    thread.start()
    try:
        yield server
    finally:
        running = False
        thread.join(5)
        server.task_dispatcher.shutdown()
        server.close()


def _slow(server: Server, part: bytes) -> socket.socket:
    slow = socket.create_connection(("127.0.0.1", int(server.effective_port)), timeout=5)
    slow.sendall(part)
    return slow


def _honest(server: Server, body: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", int(server.effective_port), timeout=5)
    try:
        connection.request("POST", "/slack/events", body)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_requests_are_served_beside_500_slow_clients(caplog: pytest.LogCaptureFixture) -> None:
    """There are more slow clients than threads by far, and some send on; nothing of it is in the log."""
    caplog.set_level(logging.WARNING)
    with _serving() as server, ExitStack() as stack:
        slow = [stack.enter_context(_slow(server, (HALF_A_HEAD, HALF_A_BODY)[turn % 2])) for turn in range(500)]
        until(lambda: len(server.active_channels) == len(slow), "all slow clients are connected")
        for turn in range(20):
            for each in slow[turn::20]:
                each.sendall(b"b")
            assert _honest(server, f"request {turn}") == f"request {turn}"
        assert len(server.active_channels) >= len(slow)
    assert not caplog.records


@pytest.mark.parametrize("part", [b"", HALF_A_HEAD, HALF_A_BODY], ids=["silent", "head", "body"])
def test_the_time_of_a_whole_request_is_bounded(part: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that sends a byte now and then is closed like one that is silent."""
    monkeypatch.setattr(server_module, "CLEANUP_INTERVAL_S", 0)
    with _serving() as server, _slow(server, part) as slow:
        until(lambda: bool(server.active_channels), "it is connected")
        server.adj.channel_timeout = 0.3  # make_server takes whole seconds

        def closed() -> bool:
            with suppress(OSError):
                slow.sendall(b"b" if part else b"")
            return not server.active_channels

        until(closed, "the slow client is closed", max_interval_s=0.05)


def test_an_address_with_too_many_sockets_loses_its_slowest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request from the same address, which a reverse proxy has for all, is served still."""
    monkeypatch.setattr(server_module, "MAX_SOCKETS_PER_ADDRESS", 10)
    with _serving() as server, ExitStack() as stack:
        first = stack.enter_context(_slow(server, HALF_A_HEAD))
        for _ in range(9):
            stack.enter_context(_slow(server, HALF_A_BODY))
        until(lambda: len(server.active_channels) == 10, "all are connected")
        assert _honest(server, "now") == "now"
        assert first.recv(1) == b"", "the one that waited longest is closed"


def test_a_kept_connection_is_served_again() -> None:
    """Slack's proxy keeps connections; time between two requests does not count against the second."""
    with _serving() as server:
        connection = http.client.HTTPConnection("127.0.0.1", int(server.effective_port), timeout=5)
        for turn in ("one", "two"):
            connection.request("POST", "/slack/events", turn)
            assert connection.getresponse().read().decode() == turn
        connection.close()


def test_the_loop_waits_while_a_thread_sends() -> None:
    """Else it takes the interpreter's lock from the thread again and again: 429 instead of 737 acks a second."""
    with _serving() as server, _slow(server, HALF_A_HEAD):
        until(lambda: len(server.active_channels) == 1, "the client is connected")
        (channel,) = server.active_channels.values()
        with ThreadPoolExecutor(1) as loop, channel.outbuf_lock:
            channel.total_outbufs_len = 1
            assert not loop.submit(channel.writable).result(5)
            channel.total_outbufs_len = 0


def test_the_loop_sends_what_a_socket_does_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told after the thread has released what it sends with: earlier it would find it held, and wait."""
    free: list[bool] = []

    def large(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        del environ
        start_response("200 OK", [("Content-Length", str(LARGE_BYTES))])
        return [b"a" * LARGE_BYTES]

    def pull(server: Server) -> None:
        free.append(not any(each.outbuf_lock._is_owned() for each in server.active_channels.values()))
        pull_trigger(server)

    pull_trigger = Server.pull_trigger
    monkeypatch.setattr(Server, "pull_trigger", pull)
    with _serving(large) as server, _slow(server, A_REQUEST) as client:
        until(lambda: True in free, "the loop was told")
        received = 0
        while received < LARGE_BYTES:
            received += len(client.recv(2**20))


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via"])
def test_the_application_sees_that_a_proxy_forwarded_a_request(header: str) -> None:
    """Waitress removes such headers by default; then /metrics would be shown to the internet."""

    def forwarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [",".join(environ.keys() & set(FORWARDED)).encode()]

    with _serving(forwarded) as server:
        connection = http.client.HTTPConnection("127.0.0.1", int(server.effective_port), timeout=5)
        connection.request("GET", "/metrics", headers={header: "192.0.2.1"})
        assert connection.getresponse().read().decode() == f"HTTP_{header.upper().replace('-', '_')}"
        connection.close()


def test_a_pause_of_the_process_closes_no_connection_with_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrived meanwhile is answered; a client that is silent afterwards is disconnected."""
    server = make_server(_echo, 0, THREADS, request_timeout_s=10)
    began = time()
    with _slow(server, A_REQUEST) as client:
        client.setblocking(False)
        received = _received(server, client)
        client.sendall(A_REQUEST)
        monkeypatch.setattr(waitress.server, "time", SimpleNamespace(time=lambda: began + 60))
        assert _received(server, client) == received
        monkeypatch.setattr(waitress.server, "time", SimpleNamespace(time=lambda: began + 62))
        assert _received(server, client) == b""
    server.task_dispatcher.shutdown()
    server.close()


def _received(server: Server, client: socket.socket) -> bytes:
    """Return what the client gets, while the server's loop turns; "" if it is disconnected."""
    found: list[bytes] = []

    def turn() -> bool:
        server.asyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)
        with suppress(BlockingIOError):
            found.append(client.recv(4096))
        return bool(found)

    until(turn, "the client got an answer or was disconnected")
    return found[0].partition(b"Date:")[0]
