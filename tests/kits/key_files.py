"""Key files of autolocked managers, as engines write them, and their unlock key."""

from __future__ import annotations

import base64
import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from nacl.secret import SecretBox

from bot.secrets.secret import Secret

OCTETS = os.urandom(32)
UNLOCK = Secret("SWMKEY-1-" + base64.b64encode(OCTETS).decode().rstrip("="))
OTHER = Secret("SWMKEY-1-" + "A" * 43)
PRIVATE = ec.generate_private_key(ec.SECP256R1())
DEK = os.urandom(32)


def locked(**headers: str) -> bytes:
    """Return a key file as an engine writes it with autolock on."""
    text = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(OCTETS)).decode()
    first, rest = text.split("\n", 1)
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\n".join([first, *lines, "", rest]).encode()


def record(algorithm: int, data: bytes, nonce: bytes = b"") -> str:
    """Return a header's record: fields 1, 2 and 3 of MaybeEncryptedRecord."""
    parts = [bytes([0x08, algorithm]), bytes([0x12, len(data)]) + data, bytes([0x1A, len(nonce)]) + nonce]
    return base64.b64encode(b"".join(parts)).decode()


def boxed(data: bytes) -> str:
    """Return a record that the unlock key decrypts."""
    sealed = SecretBox(OCTETS).encrypt(data)
    return record(1, sealed.ciphertext, sealed.nonce)
