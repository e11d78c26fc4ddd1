"""A stand-in for the engines of a large cluster: a process that answers as their API does, on one socket each.

``python -m bench.engine_server FOLDER HOSTS DATA CLUSTER…`` serves ``FOLDER/CLUSTER-0.sock`` and so on: the first HOSTS
nodes of each cluster; DATA is a ClusterData as JSON. While ``FOLDER/down`` exists, the last node is down.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from threading import Event, Thread
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

from bench.cluster_data import ClusterData
from bot.model import Json

POLL_S: Final = 3600.0
"""How often a server checks whether it must stop: it is killed with its process."""


class Cluster:
    """The answers of all engines. The lists are made once."""

    def __init__(self, data: ClusterData, down: Path) -> None:
        self._data = data
        self._down = down
        self._nodes, self._nodes_one_down = (_json(data.node_list(down)) for down in (None, data.nodes - 1))
        self._services = _json(data.service_list())
        self._tasks = data.task_list()
        self._all_tasks = _json(self._tasks)

    def answer(self, number: int, path: str, filters: Mapping[str, list[str]]) -> bytes | None:
        """Return what the engine of the node ``number`` answers; None if there is no such path."""
        if path == "/nodes":
            return self._nodes_one_down if self._down.exists() else self._nodes
        if path == "/services":
            return self._services
        if path == "/tasks":
            return self._tasks_of(filters)
        if path == "/_ping":
            return b"OK"
        found: dict[str, Any] = {
            "/info": {**self._data.info(number), "SystemTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())},
            "/version": {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12"},
            "/swarm": self._data.cluster(),
            "/networks": [],
        }
        return _json(found[path]) if path in found else None

    def _tasks_of(self, filters: Mapping[str, list[str]]) -> bytes:
        keys = {"node": "NodeID", "service": "ServiceID"}
        wanted: list[tuple[str, set[str]]] = [
            (keys[name], set(values)) for name, values in filters.items() if name in keys
        ]
        if not wanted:
            return self._all_tasks
        found: list[Json] = [task for task in self._tasks if all(task[key] in values for key, values in wanted)]
        return _json(found)


def _json(found: object) -> bytes:
    return json.dumps(found, separators=(",", ":")).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = "/" + parts.path.lstrip("/").partition("/")[2] if parts.path.startswith("/v1") else parts.path
        if path == "/events":
            self._stay_silent()
            return
        server = cast("_Server", self.server)
        filters = json.loads(parse_qs(parts.query).get("filters", ["{}"])[0])
        body = server.cluster.answer(server.number, path, filters)
        self.send_response(404 if body is None else 200)
        content = b'{"message": "page not found"}' if body is None else body
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def address_string(self) -> str:
        return "engine"

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _stay_silent(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        Event().wait()


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, socket: Path, cluster: Cluster, number: int) -> None:
        self.cluster = cluster
        self.number = number
        super().__init__(str(socket), _Handler)

    def handle_error(self, *_: object) -> None:
        """Say nothing of a reader that ended: it is stopped while it reads."""


def main(folder: Path, hosts: int, data: ClusterData, names: Sequence[str]) -> None:
    """Serve until the process is stopped."""
    for name in names:
        cluster = Cluster(replace(data, cluster_id=name), folder / "down")
        for number in range(hosts):
            server = _Server(folder / f"{name}-{number}.sock", cluster, number)
            Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
    Event().wait()


if __name__ == "__main__":
    _folder, _hosts, _data, *_names = sys.argv[1:]
    main(Path(_folder), int(_hosts), ClusterData(**json.loads(_data)), _names)
