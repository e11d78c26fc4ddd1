r"""The form of a backup's file: a plain head that anybody may read, then the state, encrypted and bound to that head.

::

    swarmbot backup 1\n
    {"backup": {…}, "salt": "…", "check": "…"}\n
    nonce (12 bytes), then AES-256-GCM of the state with both lines as associated data

The key comes from SWARMBOT_SECRET_KEY by HKDF-SHA256 with the file's own salt. ``check`` comes from the same: it tells
another key from a file that was changed, and says nothing of the key.
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
_SALT, _NONCE, _KEY, _CHECK = 16, 12, 32, 8


class DamagedBackup(Exception):
    """It is no whole backup, or not as it was sealed."""


class WrongKey(Exception):
    """It was sealed with another SWARMBOT_SECRET_KEY."""


@dataclass(frozen=True, slots=True)
class Head:
    """The plain lines of a file: ``text`` as they stand there, ``backup`` what is said of it."""

    text: bytes
    backup: dict[str, Any]
    salt: bytes
    check: bytes


def encrypt(key: Secret, backup: dict[str, Any], state: bytes) -> bytes:
    """The whole file."""
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    cipher, check = _derive(key, salt)
    head = json.dumps({"backup": backup, "salt": salt.hex(), "check": check.hex()}, ensure_ascii=False)
    text = MAGIC + head.encode() + b"\n"
    return text + nonce + AESGCM(cipher).encrypt(nonce, state, text)


def read_head(data: bytes) -> Head:
    """The plain lines at the beginning of ``data``; Unsealable for anything else."""
    line, end, _ = data.removeprefix(MAGIC).partition(b"\n")
    if not data.startswith(MAGIC) or not end:
        raise DamagedBackup
    try:
        raw = json.loads(line)
        salt, check = bytes.fromhex(raw["salt"]), bytes.fromhex(raw["check"])
        return Head(MAGIC + line + end, dict(raw["backup"]), salt, check)
    except (ValueError, TypeError, KeyError):
        raise DamagedBackup from None


def decrypt(key: Secret, data: bytes) -> bytes:
    """The state. Raises OtherKey, Unsealable."""
    head = read_head(data)
    cipher, check = _derive(key, head.salt)
    if check != head.check:
        raise WrongKey
    sealed = data[len(head.text) :]
    try:
        return AESGCM(cipher).decrypt(sealed[:_NONCE], sealed[_NONCE:], head.text)
    except (InvalidTag, ValueError):
        raise DamagedBackup from None


def _derive(key: Secret, salt: bytes) -> tuple[bytes, bytes]:
    derivation = HKDF(SHA256(), length=_KEY + _CHECK, salt=salt, info=b"swarmbot backup")
    derived = derivation.derive(key.reveal().encode())
    return derived[:_KEY], derived[_KEY:]
