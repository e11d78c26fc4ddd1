"""Where a manager's Raft log ends, read from the record of its last entry. Pure.

A record is a message of etcd's (``walpb/record.proto``) with the entry in it (``raftpb/raft.proto``). SwarmKit encrypts
the data of entries and nothing else (``storage/walwrap.go``; seen on engine 20.10.24): the term and the index of each
entry are in the clear, and no secret is needed to compare two managers.
"""

from __future__ import annotations

from bot.model import RaftPosition
from bot.swarm.reading.protobuf import fields, number, octets

DATA, TERM, INDEX = 3, 2, 3


def position(record: bytes) -> RaftPosition:
    """Term and index of the entry in ``record``, which may be cut off behind them."""
    entry = dict(fields(octets(dict(fields(record)), DATA)))
    return RaftPosition(number(entry, TERM), number(entry, INDEX))
