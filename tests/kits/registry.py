"""An image registry with one private image on the bot's side of the hosts' network, by https, with a password."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import ssl
import subprocess
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, cast

from sandbox.fleet.host import Host
from sandbox.fleet.image import task_archive

REPOSITORY: Final = "team/app"
USER: Final = "swarmbot"
PASSWORD: Final = "hunter2-of-the-registry"  # noqa: S105 - of the tests
MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG: Final = "application/vnd.docker.container.image.v1+json"
LAYER: Final = "application/vnd.docker.image.rootfs.diff.tar.gzip"
COMMAND: Final = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"


class Registry:
    """A read-only registry. ``push`` gives a tag an image of its own."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._layer = task_archive()
        self.blobs: dict[str, bytes] = {}
        self.tags: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        """Method and path of each request with the right password."""
        self._certify(address)
        self._server = _Server((address, 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "registry.pem", folder / "registry-key.pem")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.registry = self
        self.name = f"{address}:{self._server.server_address[1]}"
        self.image = f"{self.name}/{REPOSITORY}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="registry")

    def start(self) -> None:
        """Serve until :meth:`stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def trusted_by(self, host: Host) -> None:
        """Let the engine of a host trust the registry's certificate. It reads the file at each request."""
        folder = host.folder / "docker-etc" / "certs.d" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.crt").write_bytes((self._folder / "registry.pem").read_bytes())

    def push(self, tag: str) -> str:
        """Make ``tag`` mean a new image, which says its tag in its environment, and return the image's digest."""
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["/bin/sh", "-c", COMMAND], "Env": ["PATH=/bin", f"NUMBER={len(self.blobs)}"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(self._layer)]},
        }
        packed, described = gzip.compress(self._layer, mtime=0), json.dumps(config).encode()
        parts = {LAYER: packed, CONFIG: described}
        found = {
            kind: {"mediaType": kind, "size": len(content), "digest": self._keep(content)}
            for kind, content in parts.items()
        }
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": found[CONFIG], "layers": [found[LAYER]]}
        self.tags[tag] = self._keep(json.dumps(manifest).encode())
        return self.tags[tag]

    def _keep(self, content: bytes) -> str:
        self.blobs[_digest(content)] = content
        return _digest(content)

    def _certify(self, address: str) -> None:
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=registry"]
        words += ["-addext", f"subjectAltName=IP:{address}", "-keyout", "registry-key.pem", "-out", "registry.pem"]
        subprocess.run(words, cwd=self._folder, check=True, capture_output=True, timeout=30)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    registry: Registry


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _answer(self) -> None:
        registry = cast("_Server", self.server).registry
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            self._send(HTTPStatus.UNAUTHORIZED, b"{}", {"WWW-Authenticate": 'Basic realm="registry"'})
            return
        registry.asked.append((self.command, self.path))
        path = self.path.removeprefix(f"/v2/{REPOSITORY}/")
        kind, _, name = path.partition("/")
        digest = registry.tags.get(name, name) if kind == "manifests" else name
        if self.path == "/v2/":
            self._send(HTTPStatus.OK, b"{}", {})
        elif path == self.path or digest not in registry.blobs:
            self._send(HTTPStatus.NOT_FOUND, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]}', {})
        else:
            type_ = MANIFEST if kind == "manifests" else "application/octet-stream"
            self._send(HTTPStatus.OK, registry.blobs[digest], {"Content-Type": type_, "Docker-Content-Digest": digest})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Docker-Distribution-Api-Version": "registry/2.0", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = _answer  # noqa: N815 - names of the base class


def credential_helper(folder: Path, registry: str) -> dict[str, str]:
    """Write a credential helper that knows the password, and the Docker configuration that names it.

    Return the variables with which a worker uses them. The helper notes in ``asked`` each user that runs it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "docker-credential-scenario"
    answer = json.dumps({"ServerURL": registry, "Username": USER, "Secret": PASSWORD})
    program.write_text(
        "#!/bin/sh\n"
        "server=$(cat)\n"
        f'echo "$(id -u) $HOME $server" >> {folder}/asked\n'
        f'if [ "$server" = "{registry}" ]; then echo \'{answer}\'; exit 0; fi\n'
        "echo credentials not found in native keychain; exit 1\n"
    )
    program.chmod(0o755)
    (folder / "config.json").write_text(json.dumps({"credsStore": "scenario"}))
    return {"DOCKER_CONFIG": str(folder), "PATH": f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
