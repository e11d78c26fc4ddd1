"""Key files of autolocked managers: opened with their unlock key and no other, in a file and in a backup. Pure.

Those of real engines are in tests/scenarios/test_autolock_recovery.py.
"""

from __future__ import annotations

import base64
import gzip
import io
import os
import tarfile
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from nacl.secret import SecretBox

from bot.errors import SwarmbotError
from bot.model import Facts, KeyFile
from bot.secrets.secret import Secret
from bot.swarm.health.lost_quorum import old_managers, recovery_candidates
from bot.swarm.operations import CheckUnlockKey, DecryptKeyFile
from bot.swarm.reading.raft_log import fields, number, octets
from bot.swarm.recovery.key_file import (
    KEY_FILE_PATH,
    UnknownKeyFile,
    WrongUnlockKey,
    decrypted,
    decrypted_state,
    is_locked,
)
from tests.plans.description import Description

OCTETS = os.urandom(32)
UNLOCK = Secret("SWMKEY-1-" + base64.b64encode(OCTETS).decode().rstrip("="))
OTHER = Secret("SWMKEY-1-" + "A" * 43)
PRIVATE = ec.generate_private_key(ec.SECP256R1())
DEK = os.urandom(32)
LOST: dict[str, Any] = {"is": "manager", "swarm_error": "The swarm does not have a leader.", "raft_position": [2, 38]}


def locked(**headers: str) -> bytes:
    """A key file as an engine writes it with autolock on."""
    text = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(OCTETS)).decode()
    first, rest = text.split("\n", 1)
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\n".join([first, *lines, "", rest]).encode()


def record(algorithm: int, data: bytes, nonce: bytes = b"") -> str:
    """The header's record: fields 1, 2 and 3 of MaybeEncryptedRecord."""
    parts = [bytes([0x08, algorithm]), bytes([0x12, len(data)]) + data, bytes([0x1A, len(nonce)]) + nonce]
    return base64.b64encode(b"".join(parts)).decode()


def boxed(data: bytes) -> str:
    """A record that the unlock key opens."""
    sealed = SecretBox(OCTETS).encrypt(data)
    return record(1, sealed.ciphertext, sealed.nonce)


def headers_of(text: bytes) -> dict[str, str]:
    """The headers of a key file."""
    return dict(line.split(": ", 1) for line in text.decode().splitlines() if ": " in line)


def test_the_key_opens_all_of_it() -> None:
    """The same TLS key, the keys of Raft's log in plain records, and an unlock key that any other is newer than."""
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
def test_no_other_key_opens_it(key: str) -> None:
    """One of another cluster, half of the right one, and what is none at all."""
    with pytest.raises(WrongUnlockKey):
        decrypted(locked(kek_version="23", raft_dek=boxed(DEK)), Secret(key))


def test_what_it_holds_beside_must_open_too() -> None:
    """Sealed with another key it does not, and what a newer engine may write is not guessed at."""
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
    """A backup's state with these files; ``key`` is the key file."""
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(KEY_FILE_PATH if name == "key" else f"swarm/{name}")
            member.size, member.mode = len(text), 0o600
            tar.addfile(member, io.BytesIO(text))
    return found.getvalue()


def unpacked(state: bytes) -> dict[str, tuple[bytes, int]]:
    """Content and mode of each file."""
    with tarfile.open(fileobj=io.BytesIO(state), mode="r:gz") as tar:
        return {member.name: (tar.extractfile(member).read(), member.mode) for member in tar}  # type: ignore[union-attr]


def test_of_a_backup_only_the_key_file_changes() -> None:
    """All else is as it was; what is open already is left alone, and what is no state is said to be none."""
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


def _facts(host: dict[str, Any], typed_secret: Secret | None, text: bytes = b"", **rest: Any) -> Facts:
    facts = Description.model_validate({"hosts": {"host-1": host}, "readable": False, **rest}).facts()
    seen = facts.hosts["host-1"]
    assert seen.key_file
    key_file = KeyFile(seen.key_file.state, text)
    return replace(facts, hosts={"host-1": replace(seen, key_file=key_file)}, typed_secret=typed_secret)


@pytest.mark.parametrize(
    ("typed_secret", "said"),
    [
        (None, "is not stored any more: it is kept for 15 minutes and used once"),
        (OTHER, "does not decrypt the key file"),
    ],
)
def test_it_is_told_before_anything_is_done_that_the_key_is_gone_or_another(
    typed_secret: Secret | None, said: str
) -> None:
    """A worker that took the job over from a dead one has no key: it says so, and asks no engine for anything."""
    facts = _facts({**LOST, "key": "locked"}, typed_secret, locked(raft_dek=boxed(DEK)))
    for step in (CheckUnlockKey("host-1", "prod"), DecryptKeyFile("host-1", "prod")):
        assert not step.satisfied(facts)
        with pytest.raises(SwarmbotError, match=said) as caught:
            step.apply(None, facts)  # type: ignore[arg-type] # no engine is asked
        assert "Press Retry" in str(step.settle(None, facts, caught.value))  # type: ignore[arg-type] # nor here


def test_without_a_key_it_goes_on_where_none_is_needed() -> None:
    """After a crash: the file is open already, or the cluster was forced and its engine has encrypted it again."""
    steps = (CheckUnlockKey("host-1", "prod"), DecryptKeyFile("host-1", "prod"))
    for host in ({**LOST, "key": "opened"}, {**LOST, "membership": "inactive", "key": "opened"}):
        assert all(step.satisfied(_facts(host, None)) for step in steps)
    forced = _facts({"is": "leader", "key": "locked"}, None, readable=True)
    assert all(step.satisfied(forced) for step in steps)
    assert steps[0].satisfied(_facts({**LOST, "key": "locked"}, UNLOCK, locked(raft_dek=boxed(DEK))))


def test_what_was_opened_and_not_forced_is_gone_on_with() -> None:
    """Its engine is in no swarm, and would be a member if it were started anew: it has not left."""
    facts = _facts({**LOST, "membership": "inactive", "key": "opened"}, None)
    host = facts.host("host-1")
    assert host.recovery_pending
    assert recovery_candidates(facts) == [host]
    assert [old.state for old in old_managers(facts, host)] == ["member"]
