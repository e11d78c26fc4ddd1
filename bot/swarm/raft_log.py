"""Where a manager's Raft log ends, read from the files that its engine writes. Pure.

The files are etcd's write-ahead log (``wal/encoder.go``, ``walpb/record.proto``): each record has eight bytes for its
length (the low 56 bits) and its padding (the low 3 bits of the highest byte, where its top bit is set). SwarmKit
encrypts the data of entries and nothing else (``storage/walwrap.go``; seen on engine 20.10.24): the term and the index
of each entry are in the clear, and no secret is needed to compare two managers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.plan import RaftPosition

ENTRY: Final = 2
_NOT_ZERO: Final = re.compile(rb"[^\0]")
_LENGTH: Final = (1 << 56) - 1
_VARINT: Final = 0
_BYTES: Final = 2


def last_position(log: bytes) -> RaftPosition | None:
    """Term and index of the last entry of ``log``, the newest files one after another; None when it holds none.

    The last entry written is the log's end, lower index or not: Raft writes anew from where it disagreed. What an
    engine was writing just then may be cut off.
    """
    last = None
    for kind, data in _records(log):
        if kind == ENTRY:
            fields = dict(_fields(data))
            last = RaftPosition(_number(fields, 2), _number(fields, 3))
    return last


def _records(log: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and data of each record. Files are filled up with zeros beforehand: those are passed over."""
    place = 0
    while (found := _NOT_ZERO.search(log, place)) is not None:
        place = found.start() - (found.start() - place) % 8
        head = int.from_bytes(log[place : place + 8], "little")
        start, length = place + 8, head & _LENGTH
        if start + length > len(log):
            return
        padding = (head >> 56) & 7 if head >> 63 else 0
        try:
            fields = dict(_fields(log[start : start + length]))
        except (IndexError, ValueError):
            return
        data = fields.get(3, b"")
        yield _number(fields, 1), data if isinstance(data, bytes) else b""
        place = start + length + padding


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a protobuf message that has but varints and bytes; ValueError for others."""
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


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 - the top bit says that more follows
            return value, place


def _number(fields: dict[int, int | bytes], key: int) -> int:
    value = fields.get(key, 0)
    return value if isinstance(value, int) else 0
