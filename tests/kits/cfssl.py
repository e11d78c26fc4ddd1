"""Debian's cfssl, serving by https: a CA whose certificates the nodes of a cluster can be given."""

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
# Swarm has the root that comes after this one signed under the profile CA: nodes of both then trust each other.
PROFILES: Final[dict[str, Any]] = {
    "default": {"usages": USAGES, "expiry": "720h"},
    "profiles": {"CA": {"usages": ["cert sign", "crl sign"], "expiry": "720h", "ca_constraint": {"is_ca": True}}},
}


class Cfssl:
    """A CFSSL server that signs, on ``address``; :meth:`stop` and :meth:`start` as its own operator would."""

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
        """Serve, and return when it listens."""
        tls = ("-tls-cert=server.pem", "-tls-key=server-key.pem")
        words = ["cfssl", "serve", f"-address={self._address}", f"-port={self._port}", *self._signing, *tls]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *words], cwd=self._folder, stdout=log, stderr=log
            )
        until(self._listens, f"cfssl listens: {(self._folder / 'log').read_text()}")

    def stop(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(10)
            self._server = None

    def lay_on(self, host: Host) -> str:
        """Put the CA's certificate on a host and return its path there."""
        (host.folder / "docker-etc/cfssl.pem").write_text(self.pem)
        return "/etc/docker/cfssl.pem"

    def issued(self, host: Host) -> bool:
        """Whether the certificate that the host holds was signed by this CA's key."""
        try:
            certificate_of(host).verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError):
            return False
        return True

    def _listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex((self._address, self._port)) == 0


def certificate_of(host: Host) -> x509.Certificate:
    """The certificate that a node holds on its disk."""
    pem = (host.folder / "data/swarm/certificates/swarm-node.crt").read_bytes()
    return x509.load_pem_x509_certificates(pem)[0]


def _generate(folder: Path, name: str, *words: str) -> None:
    made = subprocess.run(["cfssl", "gencert", *words], cwd=folder, capture_output=True, check=True, timeout=30)
    subprocess.run(["cfssljson", "-bare", name], cwd=folder, input=made.stdout, check=True, timeout=30)
