"""`/swarm init --external-ca` against Debian's cfssl: the nodes' certificates are really of that CA."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from bot.sandbox.fleet.host import Host
from bot.sandbox.fleet.shell import until
from tests.conftest import cannot
from tests.scenarios.kit import Play

NAME = "Ca of the scenarios"
KEY = {"algo": "ecdsa", "size": 256}
USAGES = ["signing", "key encipherment", "server auth", "client auth"]


@dataclass(frozen=True)
class Cfssl:
    """A CFSSL server that signs: its URL and its CA's certificate."""

    url: str
    certificate: x509.Certificate
    pem: str

    def lay_on(self, host: Host) -> str:
        """Put the CA's certificate on a host and return its path there."""
        (host.folder / "docker-etc/cfssl.pem").write_text(self.pem)
        return "/etc/docker/cfssl.pem"

    def issued(self, host: Host) -> bool:
        """Whether the certificate that the host holds was signed by this CA's key."""
        pem = (host.folder / "data/swarm/certificates/swarm-node.crt").read_bytes()
        try:
            x509.load_pem_x509_certificates(pem)[0].verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError):
            return False
        return True


@pytest.fixture
def cfssl(whole_play: Play, tmp_path: Path) -> Iterator[Cfssl]:
    """Debian's cfssl on the bot's side of the hosts' network, by https, its server certificate of the same CA."""
    if not (shutil.which("cfssl") and shutil.which("cfssljson")):
        cannot("Debian package golang-cfssl is not installed")
    address = whole_play.fleet.network.gateway
    (tmp_path / "ca.json").write_text(json.dumps({"CN": NAME, "key": KEY}))
    (tmp_path / "server.json").write_text(json.dumps({"CN": "cfssl", "key": KEY, "hosts": [address]}))
    (tmp_path / "config.json").write_text(json.dumps({"signing": {"default": {"usages": USAGES, "expiry": "720h"}}}))
    _generate(tmp_path, "ca", "-initca", "ca.json")
    signing = ("-ca=ca.pem", "-ca-key=ca-key.pem", "-config=config.json")
    _generate(tmp_path, "server", *signing, "server.json")
    with closing(socket.create_server((address, 0))) as free:
        port = free.getsockname()[1]
    tls = ("-tls-cert=server.pem", "-tls-key=server-key.pem")
    words = ["cfssl", "serve", f"-address={address}", f"-port={port}", *signing, *tls]
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path / "log").open("wb"))
        server = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *words], cwd=tmp_path, stdout=log, stderr=log)
        stack.callback(server.wait, 10)
        stack.callback(server.kill)
        until(lambda: _listens(address, port), f"cfssl listens: {(tmp_path / 'log').read_text()}")
        pem = (tmp_path / "ca.pem").read_text()
        url = f"https://{address}:{port}/api/v1/cfssl/sign"
        yield Cfssl(url, x509.load_pem_x509_certificate(pem.encode()), pem)


def test_the_nodes_certificates_are_of_the_external_ca(play: Play, cfssl: Cfssl) -> None:
    """The first manager's, and those of a worker and a manager that join afterwards."""
    path = cfssl.lay_on(play["host-1"])
    card = play.change("cleo", f"init host-1 --external-ca protocol=cfssl,url={cfssl.url},cacert={path}")
    assert card.text.startswith("✓"), card.text
    assert cfssl.issued(play["host-1"])
    play.change("ada", "join worker host-2")
    play.change("cleo", "join manager host-3")
    assert play.nodes() == {
        "host-1": "Ready Active Leader",
        "host-2": "Ready Active",
        "host-3": "Ready Active Reachable",
    }
    assert cfssl.issued(play["host-2"])
    assert cfssl.issued(play["host-3"])
    assert f"by {NAME}, good for" in play.ask("ada", "node host-2")


def test_a_cluster_that_signs_for_itself_is_not_taken_for_it(play: Play, cfssl: Cfssl) -> None:
    """What the test above looks at is false where no external CA was asked for."""
    play.change("cleo", "init host-1")
    assert not cfssl.issued(play["host-1"])


def test_a_ca_certificate_that_is_not_on_the_host_stops_it_before_anything(play: Play, cfssl: Cfssl) -> None:
    """The path is named, and no cluster is made."""
    answer = play.ask("cleo", f"init host-1 --external-ca protocol=cfssl,url={cfssl.url},cacert=/etc/docker/no.pem")
    assert answer.startswith("Not done: ")
    assert "`/etc/docker/no.pem`" in answer
    assert play.membership("host-1") == "inactive"


def _generate(folder: Path, name: str, *words: str) -> None:
    made = subprocess.run(["cfssl", "gencert", *words], cwd=folder, capture_output=True, check=True, timeout=30)
    subprocess.run(["cfssljson", "-bare", name], cwd=folder, input=made.stdout, check=True, timeout=30)


def _listens(address: str, port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((address, port)) == 0
