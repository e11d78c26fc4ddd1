"""Debian's cfssl as an HTTPS server: an external CA for clusters."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from sandbox.fleet.host import Host
from sandbox.fleet.shell import until
from tests.conftest import cannot

NAME: Final = "Ca of the scenarios"
KEY: Final = {"algo": "ecdsa", "size": 256}
USAGES: Final = ["signing", "key encipherment", "server auth", "client auth"]
# Swarm has the next root signed with the profile CA, so that nodes with either root trust each other.
PROFILES: Final[dict[str, Any]] = {
    "default": {"usages": USAGES, "expiry": "720h"},
    "profiles": {"CA": {"usages": ["cert sign", "crl sign"], "expiry": "720h", "ca_constraint": {"is_ca": True}}},
}


class Cfssl:
    """A CFSSL server on ``address`` that signs certificates."""

    def __init__(self, folder: Path, address: str) -> None:
        if not (shutil.which("cfssl") and shutil.which("cfssljson")):
            cannot("Debian package golang-cfssl is not installed")
        self._folder = folder
        self._address = address
        (folder / "ca.json").write_text(json.dumps({"CN": NAME, "key": KEY}))
        (folder / "server.json").write_text(json.dumps({"CN": "cfssl", "key": KEY, "hosts": [address]}))
        (folder / "config.json").write_text(json.dumps({"signing": PROFILES}))
        self._signing = ("-ca=ca.pem", "-ca-key=ca-key.pem", "-config=config.json")
        _generate(folder, "ca", "-initca", "ca.json")
        _generate(folder, "server", *self._signing, "server.json")
        with closing(socket.create_server((address, 0))) as free:
            self._port = free.getsockname()[1]
        self._server: subprocess.Popen[bytes] | None = None
        self.url = f"https://{address}:{self._port}/api/v1/cfssl/sign"
        self.pem = (folder / "ca.pem").read_text()
        self.certificate = x509.load_pem_x509_certificate(self.pem.encode())

    def start(self) -> None:
        """Start the server and return when it listens."""
        tls = ("-tls-cert=server.pem", "-tls-key=server-key.pem")
        words = ["cfssl", "serve", f"-address={self._address}", f"-port={self._port}", *self._signing, *tls]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *words], cwd=self._folder, stdout=log, stderr=log
            )
        until(self._listens, f"cfssl listens: {(self._folder / 'log').read_text()}")

    def stop(self) -> None:
        """Stop the server."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(10)
            self._server = None

    def copy_to(self, host: Host) -> str:
        """Copy the CA's certificate to a host and return its path there."""
        (host.folder / "docker-etc/cfssl.pem").write_text(self.pem)
        return "/etc/docker/cfssl.pem"

    def issued(self, host: Host) -> bool:
        """Return whether this CA signed the host's certificate."""
        try:
            certificate_of(host).verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError):
            return False
        return True

    def _listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex((self._address, self._port)) == 0


def certificate_of(host: Host) -> x509.Certificate:
    """Return the certificate on a node's disk."""
    pem = (host.folder / "data/swarm/certificates/swarm-node.crt").read_bytes()
    return x509.load_pem_x509_certificates(pem)[0]


def _generate(folder: Path, name: str, *words: str) -> None:
    made = subprocess.run(["cfssl", "gencert", *words], cwd=folder, capture_output=True, check=True, timeout=30)
    subprocess.run(["cfssljson", "-bare", name], cwd=folder, input=made.stdout, check=True, timeout=30)
