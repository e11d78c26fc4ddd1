"""The end of a Raft log, read from files as etcd writes them."""

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
from tests.kits.examples import examples

ENTRY, STATE, CRC = 2, 3, 4


def _varint(value: int) -> bytes:
    more = value > 127
    return bytes([value & 127 | 128 * more]) + (_varint(value >> 7) if more else b"")


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _record(kind: int, data: bytes = b"") -> bytes:
    """Return a record with its length, a checksum (not checked) and padding to eight bytes."""
    body = _number(1, kind) + _number(2, 77) + (_bytes(3, data) if data else b"")
    padding = -len(body) % 8
    head = len(body) | ((0x80 | padding) << 56 if padding else 0)
    return head.to_bytes(8, "little") + body + bytes(padding)


def _entry(term: int, index: int, data: bytes = b"sealed") -> bytes:
    return _record(ENTRY, _number(1, 0) + _number(2, term) + _number(3, index) + _bytes(4, data))


LOGS = st.lists(st.tuples(st.integers(0, 2**60), st.integers(0, 2**60), st.binary(max_size=600)), min_size=1)
FEW = settings(max_examples=examples(75), deadline=None)


def _end(*files: bytes) -> RaftPosition | None:
    """Return the position that script and parser find in ``files``, the oldest first."""
    with TemporaryDirectory() as folder:
        for number, content in enumerate(files):
            (Path(folder) / f"{number:016x}-0.wal").write_bytes(content)
        printed = subprocess.run(["sh", "-c", SCRIPT, "sh", folder], capture_output=True, check=True, text=True).stdout
    return position(parse(printed)) if printed.strip() else None


@FEW
@given(LOGS, st.integers(0, 300))
def test_the_last_entry_is_found(entries: list[tuple[int, int, bytes]], zeros: int) -> None:
    """For any content of the entries and any number of zeros at the end of the file."""
    log = _record(CRC) + b"".join(_entry(*entry) for entry in entries) + _record(STATE, _number(1, 9))
    assert _end(log + bytes(8 * zeros)) == RaftPosition(*entries[-1][:2])


def test_a_log_of_encrypted_data() -> None:
    """Large encrypted data is skipped without being read."""
    log = b"".join(_entry(7, index, os.urandom(1_000_003)) for index in range(20))
    assert _end(log) == RaftPosition(7, 19)


def test_a_log_continues_in_the_next_file() -> None:
    """The first file ends with zeros, the second begins with a checksum. A file without an entry changes nothing."""
    first = _record(CRC) + _entry(2, 41) + bytes(64)
    assert _end(first, _record(CRC) + _record(STATE, _number(1, 3))) == RaftPosition(2, 41)
    assert _end(first, _record(CRC) + _entry(3, 40)) == RaftPosition(3, 40)


@FEW
@given(st.data())
def test_an_incomplete_record_is_ignored(data: st.DataObject) -> None:
    """A record may be cut off anywhere."""
    last = _entry(2, 42)
    cut = data.draw(st.integers(0, len(last) - 9))
    assert _end(_entry(2, 41) + last[:cut]) == RaftPosition(2, 41)


@given(st.binary(max_size=200))
def test_a_damaged_record_raises_an_expected_error(noise: bytes) -> None:
    """A damaged log is a fact about the host, not a failure (bot/swarm/reading/host_reader.py)."""
    with suppress(IndexError, ValueError):
        position(noise)


@pytest.mark.parametrize("log", [b"", bytes(64), _record(CRC), b"no log at all, but more than a few words"])
def test_a_log_without_an_entry_has_no_position(log: bytes) -> None:
    """There is nothing to compare."""
    assert _end(log) is None


def test_positions_are_ordered_by_term_then_index() -> None:
    """This is Raft's own rule."""
    assert RaftPosition(3, 20) > RaftPosition(2, 41) > RaftPosition(2, 40)
