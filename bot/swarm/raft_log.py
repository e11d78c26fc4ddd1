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
from bot.swarm.protobuf import fields, number, octets

ENTRY: Final = 2
_NOT_ZERO: Final = re.compile(rb"[^\0]")
_LENGTH: Final = (1 << 56) - 1


def last_position(log: bytes) -> RaftPosition | None:
    """Term and index of the last entry of ``log``, the newest files one after another; None when it holds none.

    The last entry written is the log's end, lower index or not: Raft writes anew from where it disagreed. What an
    engine was writing just then may be cut off.
    """
    last = None
    for kind, data in _records(log):
        if kind == ENTRY:
            entry = dict(fields(data))
            last = RaftPosition(number(entry, 2), number(entry, 3))
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
            record = dict(fields(log[start : start + length]))
        except (IndexError, ValueError):
            return
        yield number(record, 1), octets(record, 3)
        place = start + length + padding
