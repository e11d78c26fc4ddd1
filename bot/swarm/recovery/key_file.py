"""Key files."""

from __future__ import annotations

import base64
import gzip
import io
import re
import tarfile
import zlib
from typing import Final

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from bot.secrets.secret import Secret
from bot.swarm.reading.raft_log import fields, number, octets

BEGINS: Final = "SWMKEY-1-"
LOCKED: Final = "ENCRYPTED PRIVATE KEY"
PLAIN: Final = "PRIVATE KEY"
OPENED_BY: Final = "opened-by"
"""A header of our own, which engines pass over: what it stands in was locked, and is to be again."""
_BLOCK: Final = re.compile(
    r"\s*-----BEGIN (?P<kind>[A-Z ]+)-----\n(?P<headers>(?:[\w-]+: .*\n)*)\n?(?P<body>[A-Za-z0-9+/=\n]+)"
    r"-----END (?P=kind)-----\s*"
)
_KEPT: Final = ("raft-dek", "raft-dek-pending")
_NONE, _SECRETBOX = 0, 1


class WrongUnlockKey(Exception):
    """The key is not the one that the file was locked with, or no unlock key at all."""


class UnknownKeyFile(Exception):
    """It is no key file as engines of 20.10 write it."""


def is_locked(key_file: bytes) -> bool:
    """Whether it takes an unlock key. Raises UnknownKeyFile."""
    return _parsed(key_file)["kind"] == LOCKED


def decrypted(key_file: bytes, key: Secret) -> bytes:
    """The same file without encryption, which an engine reads without any unlock key.

    Its ``kek-version`` is 0, so that the engine takes the cluster's own unlock key for a newer one and encrypts the
    file anew. Raises OtherUnlockKey, UnknownKeyFile.
    """
    block = _parsed(key_file)
    if block["kind"] != LOCKED:
        raise UnknownKeyFile
    octets_ = _octets(key)
    headers = dict(line.split(": ", 1) for line in block["headers"].splitlines())
    try:
        private = load_der_private_key(base64.b64decode(block["body"]), octets_)
    except (ValueError, TypeError):
        raise WrongUnlockKey from None
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    lines = [f"{OPENED_BY}: swarmbot", "kek-version: 0"]
    lines += [f"{name}: {_plain(headers[name], octets_)}" for name in _KEPT if name in headers]
    body = base64.encodebytes(der).decode().replace("\n", "")
    wrapped = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {PLAIN}-----", *lines, "", *wrapped, f"-----END {PLAIN}-----", ""]).encode()


def _parsed(key_file: bytes) -> re.Match[str]:
    found = _BLOCK.fullmatch(key_file.decode("ascii", "replace"))
    if found is None or found["kind"] not in {LOCKED, PLAIN}:
        raise UnknownKeyFile
    return found


def _octets(key: Secret) -> bytes:
    text = key.reveal()
    try:
        octets_ = base64.b64decode(text.removeprefix(BEGINS) + "=", validate=True)
    except ValueError:
        raise WrongUnlockKey from None
    if not text.startswith(BEGINS) or len(octets_) != SecretBox.KEY_SIZE:
        raise WrongUnlockKey
    return octets_


def _plain(header: str, key: bytes) -> str:
    """The record of a header without its encryption."""
    try:
        record = dict(fields(base64.b64decode(header, validate=True)))
        algorithm, data = number(record, 1), octets(record, 2)
        if algorithm == _SECRETBOX:
            data = SecretBox(key).decrypt(data, octets(record, 3))
        elif algorithm != _NONE:
            raise UnknownKeyFile
    except CryptoError:
        raise WrongUnlockKey from None
    except (ValueError, IndexError):
        raise UnknownKeyFile from None
    return base64.b64encode(bytes([2 << 3 | 2, len(data)]) + data).decode()


KEY_FILE: Final = "swarm/certificates/swarm-node.key"


def decrypted_state(packed: bytes, key: Secret) -> bytes:
    """``packed`` (a gzipped tar) with its key file opened, all else as it was; the same where that is open already.

    Raises OtherUnlockKey; UnknownKeyFile where there is no key file.
    """
    found = io.BytesIO()
    held = False
    try:
        with (
            tarfile.open(fileobj=io.BytesIO(packed), mode="r|gz") as before,
            gzip.GzipFile(fileobj=found, mode="wb", compresslevel=1) as packing,
            tarfile.open(fileobj=packing, mode="w|") as after,
        ):
            for member in before:
                file = before.extractfile(member) if member.isreg() else None
                if file is not None and member.name == KEY_FILE:
                    text, held = file.read(), True
                    if not is_locked(text):
                        return packed
                    text = decrypted(text, key)
                    member.size, file = len(text), io.BytesIO(text)
                after.addfile(member, file)
    except (tarfile.TarError, EOFError, zlib.error):
        raise UnknownKeyFile from None
    if not held:
        raise UnknownKeyFile
    return found.getvalue()
