"""The key file of an autolocked manager (``certificates/swarm-node.key``), decrypted with the unlock key. Pure.

It is a PEM block with headers (``ca/keyreadwriter.go``, ``manager/deks.go`` and ``manager/encryption`` of SwarmKit;
seen on engine 20.10.24). The block is the node's TLS key in PKCS#8, encrypted with the 32 bytes of the unlock key as
its passphrase. ``raft-dek`` and ``raft-dek-pending``, the keys of the Raft log, are base64 of a protobuf record
(algorithm 1, data 2, nonce 3): NaCl's secretbox under the unlock key, or plain. ``kek-version`` is the age of the
unlock key: an engine accepts only a newer one.
"""

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

UNLOCK_KEY_PREFIX: Final = "SWMKEY-1-"
ENCRYPTED_KIND: Final = "ENCRYPTED PRIVATE KEY"
PLAIN_KIND: Final = "PRIVATE KEY"
# A header of Swarmbot, which engines ignore: the file was encrypted, and must be again.
DECRYPTED_BY_HEADER: Final = "opened-by"
_BLOCK: Final = re.compile(
    r"\s*-----BEGIN (?P<kind>[A-Z ]+)-----\n(?P<headers>(?:[\w-]+: .*\n)*)\n?(?P<body>[A-Za-z0-9+/=\n]+)"
    r"-----END (?P=kind)-----\s*"
)
_RAFT_KEY_HEADERS: Final = ("raft-dek", "raft-dek-pending")
_NONE, _SECRETBOX = 0, 1


class WrongUnlockKey(Exception):
    """The key is not the one that encrypted the file, or is not an unlock key."""


class UnknownKeyFile(Exception):
    """The file is not a key file in the format of engine 20.10."""


def is_locked(key_file: bytes) -> bool:
    """Return whether the file is encrypted. Raise UnknownKeyFile."""
    return _parsed(key_file)["kind"] == ENCRYPTED_KIND


def decrypted(key_file: bytes, key: Secret) -> bytes:
    """Return the file without encryption, which an engine reads without an unlock key.

    Its ``kek-version`` is 0, so that the engine accepts the cluster's unlock key as a newer one and encrypts the file
    again. Raise WrongUnlockKey or UnknownKeyFile.
    """
    block = _parsed(key_file)
    if block["kind"] != ENCRYPTED_KIND:
        raise UnknownKeyFile
    octets_ = _octets(key)
    headers = dict(line.split(": ", 1) for line in block["headers"].splitlines())
    try:
        private = load_der_private_key(base64.b64decode(block["body"]), octets_)
    except (ValueError, TypeError):
        raise WrongUnlockKey from None
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    lines = [f"{DECRYPTED_BY_HEADER}: swarmbot", "kek-version: 0"]
    lines += [f"{name}: {_plain(headers[name], octets_)}" for name in _RAFT_KEY_HEADERS if name in headers]
    body = base64.encodebytes(der).decode().replace("\n", "")
    wrapped = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join(
        [f"-----BEGIN {PLAIN_KIND}-----", *lines, "", *wrapped, f"-----END {PLAIN_KIND}-----", ""]
    ).encode()


def _parsed(key_file: bytes) -> re.Match[str]:
    found = _BLOCK.fullmatch(key_file.decode("ascii", "replace"))
    if found is None or found["kind"] not in {ENCRYPTED_KIND, PLAIN_KIND}:
        raise UnknownKeyFile
    return found


def _octets(key: Secret) -> bytes:
    text = key.reveal()
    try:
        octets_ = base64.b64decode(text.removeprefix(UNLOCK_KEY_PREFIX) + "=", validate=True)
    except ValueError:
        raise WrongUnlockKey from None
    if not text.startswith(UNLOCK_KEY_PREFIX) or len(octets_) != SecretBox.KEY_SIZE:
        raise WrongUnlockKey
    return octets_


def _plain(header: str, key: bytes) -> str:
    """Return the record of a header without its encryption."""
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


KEY_FILE_PATH: Final = "swarm/certificates/swarm-node.key"


def decrypted_state(packed: bytes, key: Secret) -> bytes:
    """Return ``packed`` (a gzipped tar) with its key file decrypted, or as it is if that file is not encrypted.

    Raise WrongUnlockKey, or UnknownKeyFile if there is no key file.
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
                if file is not None and member.name == KEY_FILE_PATH:
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
