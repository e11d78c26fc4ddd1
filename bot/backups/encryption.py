r"""The format of a backup file: a plain head, then the state, encrypted and bound to that head.

::

    swarmbot backup 1\n
    {"backup": {…}, "salt": "…", "check": "…"}\n
    nonce (12 bytes), then AES-256-GCM of the state with both lines as associated data

The key is derived from SWARMBOT_SECRET_KEY by HKDF-SHA256 with the file's own salt. ``check`` is derived with it: it
tells a wrong key from a changed file, and reveals nothing of the key.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.secrets.secret import Secret

MAGIC: Final = b"swarmbot backup 1\n"
MAX_HEAD_BYTES: Final = 1_048_576
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES, _CHECK_BYTES = 16, 12, 32, 8


class DamagedBackup(Exception):
    """The file is not a complete backup, or was changed."""


class WrongKey(Exception):
    """The file was encrypted with another SWARMBOT_SECRET_KEY."""


@dataclass(frozen=True, slots=True)
class BackupHeader:
    """The plain lines of a backup file."""

    text: bytes
    """The lines as they are in the file."""
    backup: dict[str, Any]
    """The fields of the :class:`bot.model.Backup`."""
    salt: bytes
    check: bytes


def encrypt(key: Secret, backup: dict[str, Any], state: bytes) -> bytes:
    """Return the whole file."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    cipher, check = _derive(key, salt)
    head = json.dumps({"backup": backup, "salt": salt.hex(), "check": check.hex()}, ensure_ascii=False)
    text = MAGIC + head.encode() + b"\n"
    return text + nonce + AESGCM(cipher).encrypt(nonce, state, text)


def read_head(data: bytes) -> BackupHeader:
    """Return the plain lines at the beginning of ``data``. Raise DamagedBackup if there are none."""
    line, end, _ = data.removeprefix(MAGIC).partition(b"\n")
    if not data.startswith(MAGIC) or not end:
        raise DamagedBackup
    try:
        raw = json.loads(line)
        salt, check = bytes.fromhex(raw["salt"]), bytes.fromhex(raw["check"])
        return BackupHeader(MAGIC + line + end, dict(raw["backup"]), salt, check)
    except (ValueError, TypeError, KeyError):
        raise DamagedBackup from None


def decrypt(key: Secret, data: bytes) -> bytes:
    """Return the state. Raise WrongKey or DamagedBackup."""
    head = read_head(data)
    cipher, check = _derive(key, head.salt)
    if check != head.check:
        raise WrongKey
    encrypted = data[len(head.text) :]
    try:
        return AESGCM(cipher).decrypt(encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:], head.text)
    except (InvalidTag, ValueError):
        raise DamagedBackup from None


def _derive(key: Secret, salt: bytes) -> tuple[bytes, bytes]:
    derivation = HKDF(SHA256(), length=_KEY_BYTES + _CHECK_BYTES, salt=salt, info=b"swarmbot backup")
    derived = derivation.derive(key.reveal().encode())
    return derived[:_KEY_BYTES], derived[_KEY_BYTES:]
