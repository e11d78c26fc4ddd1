"""known_hosts is read as OpenSSH reads it: its own client says which key it accepts."""

from __future__ import annotations

import subprocess
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest

from bot.engine.ssh import host_key_trust
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.known_hosts import check_host_key, known_keys, skipped_lines
from bot.engine.ssh.known_hosts_lines import hashed
from bot.engine.ssh.target import SshTarget
from bot.errors import HostUnreachable
from sandbox.local_sshd import ADDRESS, local_sshd, make_key
from sandbox.ports import free_port

FILES = {
    # {name}: the host with its port. {right}: the key that it shows. {stale}: another of the same type. {rsa}: another.
    "one line": ("{name} {right}", "trusted"),
    "tabs, several blanks and a comment": ("  {name}\t{type}   {base64}  of\tthe host", "trusted"),
    "the lines of a Windows machine": ("{name} {right}\r\n", "trusted"),
    "a certificate authority before": ("@cert-authority *.example.com {stale}\n{name} {right}", "trusted"),
    "only a certificate authority": ("@cert-authority * {right}", "unknown"),
    "a damaged line before": ("192.0.2.7 ssh-ed25519 AAA\n{name} {right}", "trusted"),
    "its own line is damaged": ("{name} ssh-ed25519 AAA", "unknown"),
    "its own line is cut off": ("{name} {type} {base64:.40}", "unknown"),
    "a line without a key": ("192.0.2.7\n{name} ssh-ed25519\n{name} {right}", "trusted"),
    "a type that does not exist": ("{name} ssh-new AAAA\n{name} {right}", "trusted"),
    "a type that is not that of the key": ("{name} ssh-rsa {base64}", "unknown"),
    "an unknown marker": ("@other {name} {right}", "unknown"),
    "bytes that are not UTF-8": ("h\udcff {stale}\n{name} {right}", "trusted"),
    "characters that Python splits lines at": ("h\x0bx\u2028{name} {stale}\n{name} {right}", "trusted"),
    "a stale line before": ("{name} {stale}\n{name} {right}", "trusted"),
    "a stale line after": ("{name} {right}\n{name} {stale}", "trusted"),
    "only a stale line": ("{name} {stale}", "changed"),
    "a key of another type before": ("{name} {rsa}\n{name} {right}", "trusted"),
    "a pattern": ("[127.0.*]:{port} {right}", "trusted"),
    "a pattern of one character": ("[127.0.0.?]:* {right}", "trusted"),
    "a pattern for all": ("* {right}", "trusted"),
    "brackets are plain": ("[0-9]* {right}", "unknown"),
    "an exception of a pattern": ("*,!*{address}* {right}", "unknown"),
    "an exception of a pattern with the port only": ("*,!{name} {right}", "trusted"),
    "an exception for others": ("*,!192.0.2.* {right}", "trusted"),
    "a list": ("192.0.2.7,{name} {right}", "trusted"),
    "hashed": ("{hashed} {right}", "trusted"),
    "hashed, of another": ("{other_hashed} {right}", "unknown"),
    "a damaged hash": ("|1|AAA|AAA {stale}\n|2|x\n| {stale}\n{name} {right}", "trusted"),
    "a hash in a list": ("{hashed},192.0.2.7 {right}", "unknown"),
    "another port": ("[{address}]:1 {right}", "unknown"),
    "no port": ("{address} {right}", "trusted"),
    "no port, and another key with it": ("{address} {right}\n{name} {stale}", "changed"),
    "no port, and a damaged line with it": ("{address} {right}\n{name} ssh-ed25519 AAA", "trusted"),
    "revoked": ("@revoked {name} {right}", "revoked"),
    "revoked and listed": ("{name} {right}\n@revoked {name} {right}", "revoked"),
    "revoked for all": ("{name} {right}\n@revoked * {right}", "revoked"),
    "another revoked key": ("{name} {right}\n@revoked * {stale}", "trusted"),
    "revoked for another": ("{name} {right}\n@revoked 192.0.2.7 {right}", "trusted"),
}


@dataclass(frozen=True)
class Server:
    """An sshd that nobody can log in to."""

    port: int
    words: dict[str, str]

    def text(self, template: str) -> str:
        """Return the lines of a case."""
        return template.format_map(self.words) + "\n"

    def openssh_accepts(self, user: Path, system: Path) -> bool:
        """Return whether OpenSSH's client accepts the host key and continues with the login."""
        files = (f"UserKnownHostsFile={user}", f"GlobalKnownHostsFile={system}")
        kex = "KexAlgorithms=curve25519-sha256"  # its default costs 0.07 s of CPU
        options = ("BatchMode=yes", "StrictHostKeyChecking=yes", "IdentityFile=none", "IdentityAgent=none", kex, *files)
        words = [word for option in options for word in ("-o", option)]
        command = ["ssh", "-F", "none", "-p", str(self.port), *words, ADDRESS, "true"]
        said = subprocess.run(command, check=False, capture_output=True, timeout=20).stderr.decode(errors="replace")
        assert ("Permission denied" in said) is not ("Host key verification failed" in said), said
        return "Permission denied" in said

    def connection(self, *files: Path) -> SshConnection:
        """Return our connection to it."""
        return SshConnection(SshTarget("host-1", ADDRESS, self.port, "nobody", (), files))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run an sshd on a free port of this machine; yield it."""
    folder = tmp_path_factory.mktemp("sshd")
    right, stale = make_key(folder / "right"), make_key(folder / "stale")
    rsa = make_key(folder / "rsa", "rsa", "-b", "1024")
    port = free_port()
    name = f"[{ADDRESS}]:{port}"
    kind, base64 = right.split()
    words_of_cases = {
        "address": ADDRESS,
        "port": str(port),
        "name": name,
        "right": right,
        "type": kind,
        "base64": base64,
        "stale": stale,
        "rsa": rsa,
        "hashed": hashed(name),
        "other_hashed": hashed("192.0.2.7"),
    }
    with local_sshd(folder, port, f"HostKey={folder / 'right'}"):
        yield Server(port, words_of_cases)


@pytest.mark.parametrize("case", FILES)
def test_a_key_is_accepted_if_openssh_accepts_it(server: Server, tmp_path: Path, case: str) -> None:
    """The same file is given to both."""
    template, status = FILES[case]
    path, absent = tmp_path / "known_hosts", tmp_path / "absent"
    path.write_bytes(server.text(template).encode(errors="surrogateescape"))
    connection = server.connection(path, absent)
    assert known_keys(connection.target).status(connection.host_key()) == status
    assert server.openssh_accepts(path, absent) is (status == "trusted")


def test_a_revocation_in_the_system_file_counts(server: Server, tmp_path: Path) -> None:
    """The user's file cannot overrule it, and `/swarm trust` does not write the key."""
    user, system = tmp_path / "user", tmp_path / "system"
    user.write_text(server.text("{name} {right}"))
    system.write_text(server.text("@revoked * {right}"))
    before = user.read_text()
    connection = server.connection(user, system)
    key = connection.host_key()
    with pytest.raises(HostUnreachable, match="marks as revoked") as caught:
        check_host_key(connection.target, key, known_keys(connection.target))
    assert caught.value.problem == "host key revoked"
    assert host_key_trust.keys_to_host(connection)[0].status == "revoked"
    with pytest.raises(HostUnreachable, match="marks as revoked"):
        host_key_trust.trust(connection, "host-1", key.fingerprint)
    assert user.read_text() == before
    assert not server.openssh_accepts(user, system)


def test_a_changed_key_is_compared_with_one_of_its_type(server: Server, tmp_path: Path) -> None:
    """The message names the stale key, not one of another type."""
    path = tmp_path / "known_hosts"
    path.write_text(server.text("{name} {rsa}\n{name} {stale}"))
    connection = server.connection(path)
    with pytest.raises(HostUnreachable) as caught:
        check_host_key(connection.target, connection.host_key(), known_keys(connection.target))
    stale = paramiko.Ed25519Key(data=b64decode(server.words["stale"].split()[1]))
    assert caught.value.known_fingerprint == stale.fingerprint


def test_what_is_skipped_is_said(server: Server, tmp_path: Path) -> None:
    """Damaged lines of any host; certificate authorities and unsupported key types for our hosts without a key."""
    path = tmp_path / "known_hosts"
    lines = (
        "# a comment",
        "@cert-authority *.example.com {right}",
        "@cert-authority [127.*]:* {right}",
        "192.0.2.7 ssh-ed25519 AAA",
        "192.0.2.7 sk-ssh-ed25519@openssh.com AAAA",
        "{name} sk-ssh-ed25519@openssh.com AAAA",
        "@other {name} {right}",
        "192.0.2.7",
        "@revoked {name} {stale}",
    )
    path.write_text(server.text("\n".join(lines)))
    assert dict(skipped_lines(path, {(server.words["name"], ADDRESS)})) == {
        3: "host certificates are not supported",
        4: "its key is damaged",
        6: "the key type sk-ssh-ed25519@openssh.com is not supported",
        7: "`@other` is unknown",
        8: "it has no key",
    }


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """It may revoke the key, so it does not count as an empty one."""
    target = SshTarget("h", "192.0.2.1", 22, "deploy", (), (tmp_path,))
    with pytest.raises(HostUnreachable, match=str(tmp_path)) as caught:
        known_keys(target)
    assert caught.value.problem == "host key unknown"
