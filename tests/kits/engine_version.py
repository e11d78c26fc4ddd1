"""Makes a real engine report another version, with a proxy in front of its socket.

The proxy only changes the reported versions and refuses API versions with Docker's own messages. The host's real engine
handles every call, as API 1.41.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from threading import Thread
from typing import Any, Final

from bot.model.engine_versions import numbers
from sandbox.fleet.host import Host
from tests.kits.scenario import stop_ssh_sessions

REAL: Final = "1.41"
TOO_NEW: Final = "client version {} is too new. Maximum supported API version is {}"
TOO_OLD: Final = (
    "client version {} is too old. Minimum supported API version is {}, please upgrade your client to a newer version"
)


@dataclass(frozen=True)
class Version:
    """The versions that the engine reports."""

    engine: str
    oldest_api: str
    newest_api: str

    def refusal(self, asked: str) -> str:
        """Return why a call in API version ``asked`` is refused; an empty string if it is accepted."""
        if numbers(asked) < numbers(self.oldest_api):
            return TOO_OLD.format(asked, self.oldest_api)
        return TOO_NEW.format(asked, self.newest_api) if numbers(asked) > numbers(self.newest_api) else ""

    def told(self, path: str, answer: bytes) -> bytes:
        """Return an answer of the real engine with these versions."""
        words = {"Version": self.engine, "ApiVersion": self.newest_api, "MinAPIVersion": self.oldest_api}
        if path.endswith("/info"):
            words = {"ServerVersion": self.engine}
        elif not path.endswith("/version"):
            return answer
        return json.dumps(json.loads(answer) | words).encode()


@contextmanager
def giving_itself_out_as(version: Version, host: Host) -> Iterator[list[str]]:
    """Report ``version`` on ``host`` for new connections; yield the list of the calls' API versions."""
    run = Path(f"/proc/{host.pid}/root/run")
    path, real = run / "docker.sock", run / "real.sock"
    path.rename(real)
    asked: list[str] = []
    server = _Server(str(path), _handler(version, real, asked))
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        _reconnect(host)
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        real.replace(path)
        _reconnect(host)


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


class _Unix(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("engine", timeout=60)
        self._path = str(path)

    def connect(self) -> None:
        self.sock: Any = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def _handler(version: Version, real: Path, asked: list[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found = re.match(r"/v([\d.]+)(/.*)", self.path)
            if found and (refusal := version.refusal(found[1])):
                self._answer(400, json.dumps({"message": refusal}).encode())
                return
            if found:
                asked.append(found[1])
            path = f"/v{REAL}{found[2]}" if found else self.path
            engine = _Unix(real)
            engine.request(self.command, path, body, {"Content-Type": self.headers.get("Content-Type", "")})
            answer = engine.getresponse()
            self._answer(answer.status, version.told(path.partition("?")[0], answer.read()))

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 - named by the base class

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _reconnect(host: Host) -> None:
    """The bot keeps connections to the socket that was there."""
    stop_ssh_sessions(host)
    host.start_ssh()
