"""Where a manager's Raft log ends, read from the record of its last entry. Pure.

A record is a message of etcd's (``walpb/record.proto``) with the entry in it (``raftpb/raft.proto``). SwarmKit encrypts
the data of entries and nothing else (``storage/walwrap.go``; seen on engine 20.10.24): the term and the index of each
entry are in the clear, and no secret is needed to compare two managers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.model import RaftPosition

DATA, TERM, INDEX = 3, 2, 3


def position(record: bytes) -> RaftPosition:
    """Term and index of the entry in ``record``, which may be cut off behind them."""
    entry = dict(fields(octets(dict(fields(record)), DATA)))
    return RaftPosition(number(entry, TERM), number(entry, INDEX))


_VARINT: Final = 0
_BYTES: Final = 2


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field; ValueError for another wire type, IndexError for a message that is cut off."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        value, place = _varint(message, place)
        if key & 7 == _VARINT:
            yield key >> 3, value
        elif key & 7 == _BYTES:
            yield key >> 3, message[place : place + value]
            place += value
        else:
            raise ValueError(f"wire type {key & 7}")


def number(found: dict[int, int | bytes], key: int) -> int:
    """A field that is a varint; 0 when it is not there, as protobuf has it."""
    value = found.get(key, 0)
    return value if isinstance(value, int) else 0


def octets(found: dict[int, int | bytes], key: int) -> bytes:
    """A field that is bytes; none when it is not there."""
    value = found.get(key, b"")
    return value if isinstance(value, bytes) else b""


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 - the top bit says that more follows
            return value, place
