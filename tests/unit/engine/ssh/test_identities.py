"""Which keys are tried for a login, with a real SSH server and a real agent."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.identities import load_private_key
from bot.engine.ssh.target import SshTarget
from bot.errors import HostUnreachable
from sandbox.local_sshd import ADDRESS, local_sshd, make_key
from sandbox.ports import free_port


@dataclass
class Setup:
    """A server that accepts the key ``good``, and keys that it does not accept."""

    folder: Path
    port: int
    identities_only: bool = False

    def file(self, name: str) -> Path:
        """Return the path of a key."""
        return self.folder / name

    def add_to_agent(self, *names: str) -> None:
        """Load keys into the agent, in this order."""
        for name in names:
            subprocess.run(["ssh-add", "-q", self.file(name)], check=True, timeout=20)

    def log_in(self, *names: str) -> str:
        """Log in with these identity files; return "" or why that failed."""
        files = tuple(map(self.file, names)) or (self.file("absent"),)
        known = (self.file("known_hosts"),)
        target = SshTarget(
            "host-1", ADDRESS, self.port, getpass.getuser(), files, known, identities_only=self.identities_only
        )
        with closing(SshConnection(target)) as connection:
            try:
                assert connection.transport().is_authenticated()
            except HostUnreachable as error:
                return error.happened
        return ""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """Run the server."""
    folder, port = tmp_path_factory.mktemp("sshd"), free_port()
    host_key = make_key(folder / "host")
    (folder / "known_hosts").write_text(f"[{ADDRESS}]:{port} {host_key}\n")
    for number in range(7):
        make_key(folder / f"bad-{number}")
    (folder / "authorized").write_text(f"{make_key(folder / 'good')}\n")
    options = (f"HostKey={folder / 'host'}", f"AuthorizedKeysFile={folder / 'authorized'}", "PermitRootLogin=yes")
    with local_sshd(folder, port, *options, f"TrustedUserCAKeys={folder / 'bad-0.pub'}"):
        yield Setup(folder, port)


@pytest.fixture
def setup(server: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setup]:
    """Yield the server with an empty agent of its own."""
    path = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SSH_AUTH_SOCK", os.fspath(path))
    try:
        while not path.exists():
            assert agent.poll() is None
        yield Setup(server.folder, server.port)
    finally:
        agent.terminate()
        agent.wait(10)


def certify(setup: Setup, name: str, validity: str) -> None:
    """Write a certificate beside the key ``name``, by the authority that the server trusts."""
    words = ("-I", "x", "-n", getpass.getuser(), "-V", validity)
    command = ["ssh-keygen", "-q", "-s", str(setup.file("bad-0")), *words, str(setup.file(f"{name}.pub"))]
    subprocess.run(command, check=True, timeout=20)


def test_an_expired_certificate_beside_a_good_key(setup: Setup) -> None:
    """The key is tried without it too."""
    certify(setup, "good", "20200101:20200102")
    try:
        assert not setup.log_in("good")
        setup.file("good-cert.pub").write_text("damaged\n")
        assert not setup.log_in("good")
    finally:
        setup.file("good-cert.pub").unlink()


@pytest.mark.parametrize("by_agent", [False, True])
def test_a_certificate_is_used(setup: Setup, *, by_agent: bool) -> None:
    """The server accepts the key only with its certificate, from the file or signed by the agent."""
    if by_agent:  # before the certificate exists: ssh-add would load that as a key of its own
        setup.add_to_agent("bad-1")
    certify(setup, "bad-1", "always:forever")
    try:
        assert not setup.log_in("bad-1.pub" if by_agent else "bad-1")
    finally:
        setup.file("bad-1-cert.pub").unlink()
    assert "accepts none of our keys" in setup.log_in("bad-1")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_pkcs8(setup: Setup, tmp_path: Path, kind: str) -> None:
    """Keys as openssl writes them."""
    algorithm = {
        "ed25519": ["ED25519"],
        "ecdsa": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "rsa": ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    }
    path = tmp_path / "key"
    subprocess.run(
        ["openssl", "genpkey", "-quiet", "-out", path, "-algorithm", *algorithm[kind]], check=True, timeout=30
    )
    key = load_private_key(path)
    authorized = setup.file("authorized")
    before = authorized.read_text()
    authorized.write_text(f"{before}{key.get_name()} {key.get_base64()}\n")
    try:
        assert not setup.log_in(os.fspath(path))
    finally:
        authorized.write_text(before)


@pytest.mark.parametrize("name", ["good.pub", "moved"])
def test_a_public_key_whose_private_key_is_in_the_agent(setup: Setup, name: str) -> None:
    """The file is a public key, or has one beside it. The agent's other keys are not tried before it."""
    setup.add_to_agent(*(f"bad-{number}" for number in range(1, 7)), "good")
    if name == "moved":
        setup.file("moved.pub").write_text(setup.file("good.pub").read_text())
    setup.identities_only = True
    assert not setup.log_in(name)


def test_the_right_key_is_the_seventh_in_the_agent(setup: Setup) -> None:
    """The server closes a connection after some keys, so the next ones are tried on another."""
    setup.add_to_agent(*(f"bad-{number}" for number in range(1, 7)), "good")
    assert not setup.log_in()
    setup.identities_only = True
    assert "no such file" in setup.log_in()


def test_a_refused_login_names_every_key(setup: Setup) -> None:
    """Each key once, although the agent has one of them too."""
    setup.add_to_agent("bad-1", "bad-2")
    said = setup.log_in("bad-1", "bad-3.pub", "absent")
    assert said.count("SHA256:") == 2
    assert "bad-3.pub` (its private key is not in the agent)" in said
    assert "absent` (no such file)" in said
