"""Reading and writing known_hosts, checked with OpenSSH's own tools."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.ssh.known_hosts import remove_name, trust
from bot.errors import Failed

OTHERS = (
    "# a comment\n"
    "\n"
    "@cert-authority *.example.com ssh-ed25519 AAAA\n"
    "@revoked 192.0.2.3 ssh-ed25519 BBBB\n"
    "*.example.com,!192.0.2.3 ssh-rsa CCCC\n"
    "192.0.2.33,host-33 ssh-ed25519 DDDD comment of it\n"
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> list[paramiko.PKey]:
    """Return two keys made by OpenSSH."""
    made = []
    for name in ("one", "two"):
        path = tmp_path_factory.mktemp("keys") / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True, timeout=10)
        made.append(paramiko.PKey.from_path(path))
    return made


def fingerprints(path: Path, name: str) -> list[str]:
    """Return the fingerprints that OpenSSH finds for a name."""
    found = subprocess.run(
        ["ssh-keygen", "-l", "-F", name, "-f", path], check=False, capture_output=True, text=True, timeout=10
    )
    return [word for word in found.stdout.split() if word.startswith("SHA256:")]


@pytest.mark.parametrize("name", ["192.0.2.3", "[192.0.2.3]:2222", "2001:db8::3", "an-alias"])
@pytest.mark.parametrize("hashed", [False, True])
def test_openssh_finds_the_written_key(tmp_path: Path, keys: list[paramiko.PKey], name: str, *, hashed: bool) -> None:
    """Plain and hashed, with ports and aliases, first one key and then another in its place."""
    path = tmp_path / "deep" / "known_hosts"
    before = OTHERS
    if hashed:
        before += f"{paramiko.HostKeys.hash_host('elsewhere')} ssh-ed25519 EEEE\n"
    path.parent.mkdir()
    path.write_text(before)
    for key in keys:
        trust(path, name, key)
        assert fingerprints(path, name) == [key.fingerprint]
        assert path.read_text().startswith(before)
    assert (name in path.read_text().replace(before, "")) is not hashed
    assert fingerprints(Path(f"{path}.old"), name) == [keys[0].fingerprint]


def test_other_names_on_a_line_keep_the_key(tmp_path: Path, keys: list[paramiko.PKey]) -> None:
    """Only the trusted name is removed from the line."""
    path = tmp_path / "known_hosts"
    path.write_text(f"192.0.2.3,host-3 {keys[0].get_name()} {keys[0].get_base64()}")
    trust(path, "192.0.2.3", keys[1])
    assert fingerprints(path, "192.0.2.3") == [keys[1].fingerprint]
    assert fingerprints(path, "host-3") == [keys[0].fingerprint]


def test_a_symbolic_link_and_the_mode_of_its_target_stay(tmp_path: Path, keys: list[paramiko.PKey]) -> None:
    """The file behind the link is written."""
    real, link = tmp_path / "real", tmp_path / "known_hosts"
    real.write_text("")
    real.chmod(0o640)
    link.symlink_to(real)
    for key in keys:
        trust(link, "192.0.2.3", key)
    assert link.is_symlink()
    assert fingerprints(real, "192.0.2.3") == [keys[1].fingerprint]
    assert real.stat().st_mode & 0o777 == 0o640


def test_many_writers_lose_nothing(tmp_path: Path, keys: list[paramiko.PKey]) -> None:
    """New names and replaced keys at the same time, as by several workers."""
    path = tmp_path / "known_hosts"
    names = [f"192.0.2.{number}" for number in range(16)]
    path.write_text("".join(f"{name} {keys[0].get_name()} {keys[0].get_base64()}\n" for name in names[:8]))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda name: trust(path, name, keys[1]), names))
    assert [fingerprints(path, name) for name in names] == [[keys[1].fingerprint]] * 16


def test_the_error_for_a_file_that_cannot_be_written_has_the_line(tmp_path: Path, keys: list[paramiko.PKey]) -> None:
    """A person can add it by hand."""
    with pytest.raises(Failed) as caught:
        trust(tmp_path, "192.0.2.3", keys[0])
    assert str(tmp_path) in caught.value.happened
    assert f"192.0.2.3 ssh-ed25519 {keys[0].get_base64()}" in caught.value.next_step


@given(names=st.lists(st.from_regex(r"[a-z0-9.\[\]:-]{1,12}", fullmatch=True), min_size=1, max_size=4, unique=True))
def test_only_one_name_is_removed(names: list[str]) -> None:
    """The other names, the key and the comment stay, in their order."""
    line = f"{','.join(names)} ssh-ed25519 AAAA of {names[0]}\n"
    rest = ",".join(names[1:])
    assert remove_name(line, names[0]) == (f"{rest} ssh-ed25519 AAAA of {names[0]}\n" if rest else "")
    assert remove_name(line, "another") == line
