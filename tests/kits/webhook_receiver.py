"""A receiver of webhooks on this machine, which answers as a test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


class Receiver:
    """``statuses`` are those of the next answers; after them, or without any, it answers 202."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses: list[int] = []
        self.bodies: list[Any] = []
        self.ids: list[str] = []
        self.may_answer = Event()
        self.may_answer.set()

    def receive(self, body: bytes, delivery_id: str) -> int:
        """Note a request, wait until it may be answered, and return the status."""
        self.bodies.append(json.loads(body))
        self.ids.append(delivery_id)
        self.may_answer.wait(10)
        return self.statuses.pop(0) if self.statuses else 202


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that runs."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.receive(body, self.headers["Idempotency-Key"])
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

        def handle(self) -> None:
            """Serve a connection, which a killed process may have closed."""
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook/top-secret"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.may_answer.set()
        server.shutdown()
        thread.join(5)
        server.server_close()
