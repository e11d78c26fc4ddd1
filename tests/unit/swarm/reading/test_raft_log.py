"""The end of a Raft log, of files as etcd writes them."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.disk.raft_log import SCRIPT, parse
from bot.model import RaftPosition
from bot.swarm.reading.raft_log import position

ENTRY, STATE, CRC = 2, 3, 4


def _varint(value: int) -> bytes:
    more = value > 127
    return bytes([value & 127 | 128 * more]) + (_varint(value >> 7) if more else b"")


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _record(kind: int, data: bytes = b"") -> bytes:
    """A record with its length, its checksum (nobody looks at it here) and its padding to eight bytes."""
    body = _number(1, kind) + _number(2, 77) + (_bytes(3, data) if data else b"")
    padding = -len(body) % 8
    head = len(body) | ((0x80 | padding) << 56 if padding else 0)
    return head.to_bytes(8, "little") + body + bytes(padding)


def _entry(term: int, index: int, data: bytes = b"sealed") -> bytes:
    return _record(ENTRY, _number(1, 0) + _number(2, term) + _number(3, index) + _bytes(4, data))


LOGS = st.lists(st.tuples(st.integers(0, 2**60), st.integers(0, 2**60), st.binary(max_size=600)), min_size=1)
FEW = settings(max_examples=25, deadline=None)


def _end(*files: bytes) -> RaftPosition | None:
    """What the script that runs on a manager and the reader of what it prints make of ``files``, the oldest first."""
    with TemporaryDirectory() as folder:
        for number, content in enumerate(files):
            (Path(folder) / f"{number:016x}-0.wal").write_bytes(content)
        printed = subprocess.run(["sh", "-c", SCRIPT, "sh", folder], capture_output=True, check=True, text=True).stdout
    return position(parse(printed)) if printed.strip() else None


@FEW
@given(LOGS, st.integers(0, 300))
def test_the_last_entry_counts(entries: list[tuple[int, int, bytes]], zeros: int) -> None:
    """Whatever the entries hold, and however many zeros the file was filled up with."""
    log = _record(CRC) + b"".join(_entry(*entry) for entry in entries) + _record(STATE, _number(1, 9))
    assert _end(log + bytes(8 * zeros)) == RaftPosition(*entries[-1][:2])


def test_a_log_that_does_not_shrink() -> None:
    """Encrypted data fills a file: it is passed over where it is."""
    log = b"".join(_entry(7, index, os.urandom(1_000_003)) for index in range(20))
    assert _end(log) == RaftPosition(7, 19)


def test_a_log_goes_on_in_the_next_file() -> None:
    """The first file ends in zeros, the second begins with a checksum; one without an entry takes nothing away."""
    first = _record(CRC) + _entry(2, 41) + bytes(64)
    assert _end(first, _record(CRC) + _record(STATE, _number(1, 3))) == RaftPosition(2, 41)
    assert _end(first, _record(CRC) + _entry(3, 40)) == RaftPosition(3, 40)


@FEW
@given(st.data())
def test_what_is_being_written_is_left_out(data: st.DataObject) -> None:
    """A record that is cut off anywhere is as if it were not there."""
    last = _entry(2, 42)
    cut = data.draw(st.integers(0, len(last) - 9))
    assert _end(_entry(2, 41) + last[:cut]) == RaftPosition(2, 41)


@given(st.binary(max_size=200))
def test_what_is_no_record_is_an_error_that_is_awaited(noise: bytes) -> None:
    """A damaged log makes its host no worse (bot/swarm/reading/host_reader.py)."""
    with suppress(IndexError, ValueError):
        position(noise)


@pytest.mark.parametrize("log", [b"", bytes(64), _record(CRC), b"no log at all, but more than a few words"])
def test_no_entry_no_position(log: bytes) -> None:
    """A log without an entry has no end to compare."""
    assert _end(log) is None


def test_a_newer_term_is_newer() -> None:
    """Raft's own rule: the term first, then the index."""
    assert RaftPosition(3, 20) > RaftPosition(2, 41) > RaftPosition(2, 40)
