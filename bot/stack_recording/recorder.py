"""A stand-in for an engine, on a Unix socket: it passes reads on to a manager, and records writes.

Docker's CLI treats it as the engine. No write reaches the manager; later reads show what the writes would have created,
so that the CLI continues.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

from bot.errors import SwarmbotError
from bot.model import Engine, ObjectType, StackWrite
from bot.secrets.secret import Secret

MAX_BODY_BYTES: Final = 4_000_000
POLL_INTERVAL_S: Final = 0.02
"""How often the server checks whether it must stop; the default of 0.5 s would be most of a recording's time."""
START_TIMEOUT_S: Final = 5.0
DROPPED: Final = frozenset(
    {
        "connection",
        "transfer-encoding",
        "content-length",
        "content-encoding",
        "host",
        "keep-alive",
        "upgrade",
        "accept-encoding",
    }
)
VIRTUAL: Final = "virtual"
TYPES: Final[Mapping[str, ObjectType]] = {
    "networks": "network",
    "secrets": "secret",
    "configs": "config",
    "services": "service",
}
_API: Final = re.compile(r"/v([0-9]+\.[0-9]+)(?=/)")
_CREATE: Final = re.compile(r"/(networks|secrets|configs|services)/create")
_UPDATE: Final = re.compile(r"/(services|secrets|configs)/([^/]+)/update")
_ONE: Final = re.compile(r"/(networks|secrets|configs|services)/([^/]+)")
_LIST: Final = re.compile(r"/(networks|secrets|configs|services)")


_DISTRIBUTION: Final = re.compile(r"/distribution/(.+)/json")


def virtual_id(type_: ObjectType, name: str) -> str:
    """Return the id of an object that does not exist yet: the same in each recording, for the digests."""
    return VIRTUAL + hashlib.sha256(f"{type_}/{name}".encode()).hexdigest()[:18]


class Recorder:
    """What the CLI has sent so far. Thread-safe.

    With ``blank`` the CLI is shown a cluster without the stack: then it also sends the networks that exist already.
    ``images`` has what registries said of images (JSON) by the path of the request. It is not asked for again; what is
    asked for is added.
    """

    def __init__(
        self,
        engine: Engine,
        registry_auth: Callable[[str], Secret | None] = lambda _: None,
        *,
        images: dict[str, str] | None = None,
        blank: bool = False,
    ) -> None:
        self._engine = engine
        self._registry_auth = registry_auth
        self._images = {} if images is None else images
        self._blank = blank
        self._lock = threading.Lock()
        self._virtual: dict[tuple[ObjectType, str], dict[str, Any]] = {}
        self.writes: list[StackWrite] = []
        self.unknown: list[str] = []
        """Writes that a deploy never makes: they make the recording unusable."""
        self.failure: SwarmbotError | None = None
        """How the manager could not be read, or a credential helper failed."""

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and body of the response to a request."""
        parts = urlsplit(target)
        match = _API.match(parts.path)
        path = parts.path[match.end() :] if match else parts.path
        if method in {"GET", "HEAD"}:
            return self._read(method, target, path, parse_qs(parts.query), headers)
        with self._lock:
            status, answer = self._write(method, path, match[1] if match else "", body)
        return status, {"Content-Type": "application/json"}, b"" if answer is None else json.dumps(answer).encode()

    def _write(self, method: str, path: str, api: str, body: bytes) -> tuple[int, Any]:
        try:
            sent = json.loads(body) if body else {}
        except ValueError:
            sent = None
        if isinstance(sent, dict) and api:
            if method == "POST" and (found := _CREATE.fullmatch(path)):
                return self._created(TYPES[found[1]], api, sent)
            if method == "POST" and (found := _UPDATE.fullmatch(path)):
                self.writes.append(
                    StackWrite("update", TYPES[found[1]], str(sent.get("Name", "")), found[2], api, sent)
                )
                return 200, {"Warnings": None}
            if method == "DELETE" and (found := _ONE.fullmatch(path)):
                self.writes.append(StackWrite("delete", TYPES[found[1]], "", found[2], api))
                return 204 if found[1] == "networks" else 200, None
        self.unknown.append(f"{method} {path}")
        return 501, {"message": f"A recorder does not carry out {method} {path}."}

    def _created(self, type_: ObjectType, api: str, body: dict[str, Any]) -> tuple[int, Any]:
        name = str(body.get("Name", ""))
        identity = virtual_id(type_, name)
        self.writes.append(StackWrite("create", type_, name, identity, api, body))
        if type_ == "network":
            record = {"Scope": "swarm", **body, "Id": identity}
        else:
            never = "2000-01-01T00:00:00Z"
            record = {"ID": identity, "Version": {"Index": 1}, "CreatedAt": never, "UpdatedAt": never, "Spec": body}
        self._virtual[type_, name] = record
        return 201, {"Id": identity, "ID": identity, "Warning": "", "Warnings": None}

    def _read(
        self, method: str, target: str, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        plain = {"Content-Type": "application/json"}
        one = _ONE.fullmatch(path)
        if one and (record := self._find(TYPES[one[1]], one[2])):
            return 200, plain, json.dumps(record).encode()
        if self._blank and one and one[1] in {"secrets", "configs"}:
            return 404, plain, b'{"message":"not found"}'
        sent = {name: value for name, value in headers.items() if name.lower() not in DROPPED}
        image_request = _DISTRIBUTION.fullmatch(path)
        if image_request and path in self._images:
            return 200, plain, self._images[path].encode()
        try:
            if image_request and (auth := self._registry_auth(image_request[1])):  # the CLI itself gets no credentials
                sent = {name: value for name, value in sent.items() if name.lower() != "x-registry-auth"}
                sent["X-Registry-Auth"] = auth.reveal()
            answer = self._engine.forward(method, target, sent)
        except SwarmbotError as error:
            self.failure = error
            return 502, plain, b'{"message":"the manager cannot be read"}'
        headers_kept = {name: value for name, value in answer.headers.items() if name.lower() not in DROPPED}
        if image_request and answer.status == 200:  # noqa: PLR2004 - HTTP's OK
            self._images[path] = answer.body.decode(errors="replace")
        listed = _LIST.fullmatch(path)
        if listed and answer.status == 200:  # noqa: PLR2004 - HTTP's OK
            return 200, headers_kept, self._merged(TYPES[listed[1]], query, answer.body)
        return answer.status, headers_kept, answer.body

    def _find(self, type_: ObjectType, named: str) -> dict[str, Any] | None:
        with self._lock:
            return next(
                (
                    record
                    for (kind, name), record in self._virtual.items()
                    if kind == type_ and named in {name, virtual_id(kind, name)}
                ),
                None,
            )

    def _merged(self, type_: ObjectType, query: Mapping[str, list[str]], body: bytes) -> bytes:
        """Return a list with the objects that would exist by now. The CLI itself looks for names."""
        filters = json.loads(query.get("filters", ["{}"])[0])
        labels = filters.get("label") or {}
        found = [] if self._blank and labels else json.loads(body) or []
        with self._lock:
            new = [record for (kind, _), record in self._virtual.items() if kind == type_]
        return json.dumps([*found, *(record for record in new if _has_labels(record, [*labels]))]).encode()


def _has_labels(record: Mapping[str, Any], wanted: list[str]) -> bool:
    labels = (record.get("Spec") or record).get("Labels") or {}
    for each in wanted:
        name, equals, value = each.partition("=")
        if name not in labels or (equals and labels[name] != value):
            return False
    return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Log nothing: requests hold secrets."""

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        recorder = cast("_Server", self.server).recorder
        if length > MAX_BODY_BYTES or "Transfer-Encoding" in self.headers:
            recorder.unknown.append(f"{self.command} {urlsplit(self.path).path} (too large)")
            self.close_connection = True
            self._send(501, {}, b"")
            return
        self._send(*recorder.answer(self.command, self.path, dict(self.headers.items()), self.rfile.read(length)))

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:  # noqa: PLR2004 - HTTP's No Content, which has no length
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and body:
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _handle  # noqa: N815 - names of the base class


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path: Path, recorder: Recorder) -> None:
        super().__init__(str(path), _Handler)
        self.recorder = recorder
        self._client = 0
        self._known = threading.Event()

    def admit(self, process: int) -> None:
        """Serve this process, and no other."""
        self._client = process
        self._known.set()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Return whether the CLI connects. Another process of its user must not read the cluster through the socket."""
        del client_address
        credentials = request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return self._known.wait(START_TIMEOUT_S) and struct.unpack("3i", credentials)[0] == self._client


@contextmanager
def serving(recorder: Recorder, path: Path) -> Iterator[_Server]:
    """Serve ``recorder`` on a Unix socket at ``path``."""
    server = _Server(path, recorder)
    path.chmod(0o666)  # the folder that it is in is private
    thread = threading.Thread(target=server.serve_forever, args=(POLL_INTERVAL_S,), daemon=True, name="recorder")
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
