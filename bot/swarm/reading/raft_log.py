"""The end of a manager's Raft log, read from the record of its last entry; and the protobuf that this needs. Pure.

A record is an etcd message (``walpb/record.proto``) that contains the entry (``raftpb/raft.proto``). SwarmKit encrypts
only the data of entries (``storage/walwrap.go``; seen on engine 20.10.24). Term and index are not encrypted, so two
managers can be compared without a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.model import RaftPosition

DATA, TERM, INDEX = 3, 2, 3


def position(record: bytes) -> RaftPosition:
    """Return term and index of the entry in ``record``, which may be cut off after them."""
    entry = dict(fields(octets(dict(fields(record)), DATA)))
    return RaftPosition(number(entry, TERM), number(entry, INDEX))


_VARINT: Final = 0
_BYTES: Final = 2


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field of a message that has only varints and bytes.

    Raise ValueError for another wire type, IndexError for a message that is cut off.
    """
    offset = 0
    while offset < len(message):
        key, offset = _varint(message, offset)
        value, offset = _varint(message, offset)
        if key & 7 == _VARINT:
            yield key >> 3, value
        elif key & 7 == _BYTES:
            yield key >> 3, message[offset : offset + value]
            offset += value
        else:
            raise ValueError(f"wire type {key & 7}")


def number(found: dict[int, int | bytes], key: int) -> int:
    """Return a varint field; 0 if it is missing, as in protobuf."""
    value = found.get(key, 0)
    return value if isinstance(value, int) else 0


def octets(found: dict[int, int | bytes], key: int) -> bytes:
    """Return a bytes field; b"" if it is missing."""
    value = found.get(key, b"")
    return value if isinstance(value, bytes) else b""


def _varint(message: bytes, offset: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[offset]
        value |= (byte & 127) << shift
        offset, shift = offset + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 - the top bit says that more follows
            return value, offset
