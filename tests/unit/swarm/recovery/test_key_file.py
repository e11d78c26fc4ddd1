"""The key file of an autolocked manager: only its unlock key decrypts it, on a host and in a backup.

Key files of real engines are in tests/scenarios/test_autolock_recovery.py.
"""

from __future__ import annotations

import base64
import gzip
import io
import os
import tarfile

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from nacl.secret import SecretBox

from bot.secrets.secret import Secret
from bot.swarm.reading.raft_log import fields, number, octets
from bot.swarm.recovery.key_file import (
    KEY_FILE_PATH,
    UnknownKeyFile,
    WrongUnlockKey,
    decrypted,
    decrypted_state,
    is_locked,
)
from tests.kits.key_files import DEK, OTHER, PRIVATE, UNLOCK, boxed, locked, record


def headers_of(text: bytes) -> dict[str, str]:
    """Return the headers of a key file."""
    return dict(line.split(": ", 1) for line in text.decode().splitlines() if ": " in line)


def test_the_key_decrypts_the_whole_file() -> None:
    """The TLS key is the same, the Raft keys are plain records, and every unlock key is newer."""
    file = locked(kek_version="23", raft_dek=boxed(DEK), raft_dek_pending=boxed(DEK[::-1]))
    assert is_locked(file)
    plain = decrypted(file, UNLOCK)
    assert not is_locked(plain)
    headers = headers_of(plain)
    assert headers["kek-version"] == "0"
    assert headers["opened-by"] == "swarmbot"
    for name, dek in (("raft-dek", DEK), ("raft-dek-pending", DEK[::-1])):
        found = dict(fields(base64.b64decode(headers[name])))
        assert (number(found, 1), octets(found, 2)) == (0, dek)
    body = "\n".join(line for line in plain.decode().splitlines() if ": " not in line and line)
    same = load_pem_private_key(body.encode(), None)
    form = (Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert same.private_bytes(*form) == PRIVATE.private_bytes(*form)


@pytest.mark.parametrize(
    "key",
    [OTHER.reveal(), UNLOCK.reveal()[:-1], UNLOCK.reveal() + "?", "SWMKEY-1-", "SWMKEY-1-é"],
    ids=["another", "cut off", "too long", "empty", "no base64"],
)
def test_no_other_key_decrypts_the_file(key: str) -> None:
    """Neither the key of another cluster, nor a part of the right key, nor other text."""
    with pytest.raises(WrongUnlockKey):
        decrypted(locked(kek_version="23", raft_dek=boxed(DEK)), Secret(key))


def test_headers_must_decrypt_too() -> None:
    """A header of another key or of an unknown format is an error."""
    foreign = SecretBox(bytes(32)).encrypt(DEK)
    with pytest.raises(WrongUnlockKey):
        decrypted(locked(raft_dek=record(1, foreign.ciphertext, foreign.nonce)), UNLOCK)
    for header in (record(2, DEK), "no base64", base64.b64encode(b"\x0b").decode()):
        with pytest.raises(UnknownKeyFile):
            decrypted(locked(raft_dek=header), UNLOCK)
    for text in (b"", b"no PEM", decrypted(locked(raft_dek=boxed(DEK)), UNLOCK)):
        with pytest.raises(UnknownKeyFile):
            decrypted(text, UNLOCK)


def packed(**files: bytes) -> bytes:
    """Return a backup's state with these files; ``key`` is the key file."""
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(KEY_FILE_PATH if name == "key" else f"swarm/{name}")
            member.size, member.mode = len(text), 0o600
            tar.addfile(member, io.BytesIO(text))
    return found.getvalue()


def unpacked(state: bytes) -> dict[str, tuple[bytes, int]]:
    """Return content and mode of each file."""
    with tarfile.open(fileobj=io.BytesIO(state), mode="r:gz") as tar:
        return {member.name: (tar.extractfile(member).read(), member.mode) for member in tar}  # type: ignore[union-attr]


def test_only_the_key_file_of_a_backup_changes() -> None:
    """A file that is not encrypted stays as it is; other data is an error."""
    file, log = locked(kek_version="23", raft_dek=boxed(DEK)), os.urandom(5000)
    plain = decrypted(file, UNLOCK)
    found = unpacked(decrypted_state(packed(log=log, key=file, after=b"x"), UNLOCK))
    assert found == {"swarm/log": (log, 0o600), KEY_FILE_PATH: (plain, 0o600), "swarm/after": (b"x", 0o600)}
    open_one = packed(key=plain)
    assert decrypted_state(open_one, OTHER) == open_one
    with pytest.raises(WrongUnlockKey):
        decrypted_state(packed(key=file), OTHER)
    for state in (packed(log=log), packed(key=file)[:200], b"no tar", gzip.compress(b"no tar")):
        with pytest.raises(UnknownKeyFile):
            decrypted_state(state, UNLOCK)
