"""The lines of known_hosts files, read as OpenSSH reads them: lines that are not for a host are skipped, valid or not.

paramiko's reader differs: it supports neither patterns nor markers, and one damaged line makes it refuse the file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import paramiko
from paramiko.pkey import UnknownKeyType

CERT_AUTHORITY: Final = "@cert-authority"
REVOKED: Final = "@revoked"
HASHED_PREFIX: Final = "|1|"
"""The start of a host name that is hashed."""


class InvalidLineError(Exception):
    """A line cannot be used. The text says why."""


class UnsupportedKeyError(InvalidLineError):
    """The key's type is not supported; OpenSSH may support it."""


@dataclass(frozen=True, slots=True)
class KnownHostsLine:
    """A line that is neither empty nor a comment."""

    number: int
    """Its number in the file, from 1."""
    marker: str
    """:data:`CERT_AUTHORITY`, :data:`REVOKED`, or ""; other words that start with ``@`` are not valid."""
    names: str
    """Names and patterns, separated by commas; or one hashed name."""
    key_type: str
    key_base64: str

    def lists(self, name: str) -> bool:
        """Return whether the line is about ``name``: ``192.0.2.3``, ``[192.0.2.3]:2222`` or a HostKeyAlias."""
        if self.names.startswith("|"):
            return name_is_hashed_as(name, self.names)
        name = name.lower()
        patterns = self.names.lower().split(",")
        if any(pattern.startswith("!") and _matches(pattern[1:], name) for pattern in patterns):
            return False
        return any(_matches(pattern, name) for pattern in patterns)

    def key(self) -> paramiko.PKey:
        """Return the line's key. Raises InvalidLineError."""
        if self.marker not in {"", CERT_AUTHORITY, REVOKED}:
            raise InvalidLineError(f"`{self.marker}` is unknown")
        if not self.key_base64:
            raise InvalidLineError("it has no key")
        try:
            blob = base64.b64decode(self.key_base64, validate=True)
            key = paramiko.PKey.from_type_string(self.key_type, blob)
        except UnknownKeyType:
            raise UnsupportedKeyError(f"the key type {self.key_type} is not supported") from None
        except Exception:  # noqa: BLE001 - paramiko raises errors of many types for damaged keys
            raise InvalidLineError("its key is damaged") from None
        # paramiko pads a key that is cut off with zeros.
        if key.asbytes() != blob:
            raise InvalidLineError("its key is damaged")
        return key


def read_lines(path: Path) -> Iterator[KnownHostsLine]:
    """Yield the lines of a file, damaged ones too; none if it does not exist. Raises OSError if it is unreadable."""
    try:
        text = path.read_bytes().decode(errors="surrogateescape")
    except FileNotFoundError:
        return
    for number, line in enumerate(text.split("\n"), 1):
        fields = re.split(r"[ \t]+", line.strip(" \t\r"))
        if not fields[0] or fields[0].startswith("#"):
            continue
        marker = fields.pop(0) if fields[0].startswith("@") else ""
        names, key_type, key_base64, *_comment = [*fields, "", "", ""]
        yield KnownHostsLine(number, marker, names, key_type, key_base64)


def hashed(name: str) -> str:
    """Return ``name`` hashed with a new salt. OpenSSH hashes names in lower case."""
    return paramiko.HostKeys.hash_host(name.lower())


def name_is_hashed_as(name: str, hashed_name: str) -> bool:
    """Return whether ``hashed_name`` is ``name``, hashed; False if it is not valid."""
    _, version, salt, *_ = [*hashed_name.split("|"), "", "", ""]
    try:
        digest = hmac.digest(base64.b64decode(salt, validate=True), name.lower().encode(), hashlib.sha1)
    except ValueError:
        return False
    return hashed_name == f"|{version}|{salt}|{base64.b64encode(digest).decode()}" and version == "1"


def _matches(pattern: str, name: str) -> bool:
    """Return whether ``name`` matches a pattern of OpenSSH: ``*`` and ``?``; brackets are plain characters."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, name, re.DOTALL) is not None
