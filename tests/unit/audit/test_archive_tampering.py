"""Tampering with archives, and with Redis beside an archive."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bot.audit import Archive, Audit, Entry, Head
from bot.audit.archive import line_of
from bot.audit.entry import chained, digest
from bot.store import keys
from tests.kits.audit_log import NOVEMBER, archived, put, split_line, stored, write

Lines = list[str]


def _edit(lines: Lines) -> Lines:
    return [*lines[:3], lines[3].replace("U4", "U9"), *lines[4:]]


def _edit_and_hash_again(lines: Lines) -> Lines:
    text = split_line(lines[3])[0].replace("U4", "U9")
    return [*lines[:3], line_of(text, digest(text)), *lines[4:]]


def _delete(lines: Lines) -> Lines:
    return lines[:3] + lines[4:]


def _double(lines: Lines) -> Lines:
    return [*lines[:3], lines[2], *lines[3:]]


def _swap(lines: Lines) -> Lines:
    return [*lines[:3], lines[4], lines[3], *lines[5:]]


def _rubbish(lines: Lines) -> Lines:
    return [*lines[:3], "{}", *lines[4:]]


def _empty_line(lines: Lines) -> Lines:
    return [*lines[:3], "", *lines[3:]]


def _forge(lines: Lines) -> Lines:
    seq_hash = split_line(lines[2])[1]
    _, forged = chained(Head(3, seq_hash), [Entry("asked", "U9")], NOVEMBER, "")
    return [*lines[:3], line_of(*forged[0]), *lines[3:]]


def _cut(lines: Lines) -> Lines:
    return lines[:3]


LINE_TAMPERINGS: list[tuple[Callable[[Lines], Lines], str]] = [
    (_edit, "edited"),
    (_edit_and_hash_again, "rewritten"),
    (_delete, "missing"),
    (_double, "inserted"),
    (_swap, "out of order"),
    (_rubbish, "edited"),
    (_empty_line, "edited"),
    (_forge, "inserted"),
    (_cut, "missing"),
]
NAMED: dict[str, int] = {"_double": 3}
"""The one whose first bad entry is not the fourth: two lines say that they are the third."""


@pytest.mark.parametrize(("tamper", "problem"), LINE_TAMPERINGS, ids=lambda value: getattr(value, "__name__", ""))
def test_an_archive_that_was_tampered_with(
    audit: Audit, client: Redis, tmp_path: Path, tamper: Callable[[Lines], Lines], problem: str
) -> None:
    """After any change to the lines of a file, zipped again, the first bad entry is named."""
    write(client, 12)
    archive = archived(audit, tmp_path, 8)
    assert audit.verify(archive).ok
    _rewrite(tmp_path, tamper)
    verdict = audit.verify(archive)
    first_bad = NAMED.get(tamper.__name__, 4)
    assert (verdict.ok, verdict.first_bad) == (False, first_bad)
    assert problem in verdict.problem


def _rewrite(folder: Path, tamper: Callable[[Lines], Lines]) -> None:
    (path,) = folder.glob("*.gz")
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in tamper(lines)).encode()))


def test_bytes_of_an_archive(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """A damaged byte, a file that is gone, and a cut file are found; the entries before them hold."""
    write(client, 45)
    archive = archived(audit, tmp_path, 44)
    first, second = sorted(tmp_path.glob("*.gz"))
    whole, later = first.read_bytes(), second.read_bytes()
    for damage, problem in (
        (whole[:-40] + b"\x00" + whole[-39:], "unreadable: audit-2026-11.jsonl.gz"),
        (whole[:-1], "unreadable: audit-2026-11.jsonl.gz"),
        (b"", "missing"),
    ):
        first.write_bytes(damage)
        verdict = audit.verify(archive)
        assert (verdict.ok, verdict.first_bad, verdict.count) == (False, 1, 0)
        assert problem in verdict.problem
    first.unlink()
    assert audit.verify(archive).first_bad == 1
    first.write_bytes(whole)
    for damage in (later[:-1], later[:20] + b"\xff" + later[21:], b""):
        second.write_bytes(damage)
        verdict = audit.verify(archive)
        assert (verdict.ok, verdict.first_bad) == (False, 31)
        assert "missing: the next one is entry 45" in verdict.problem
    second.write_bytes(later)
    assert audit.verify(archive).ok


def test_an_archive_cut_to_fit_the_marker(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """Entries deleted from Redis as if they were archived are missed, with the archive and without it by an anchor."""
    heads = write(client, 12)
    archive = archived(audit, tmp_path, 4)
    put(client, stored(client)[4:])
    client.set(keys.AUDIT_TRIMMED, str(heads[7]))
    assert audit.verify(archive).first_bad == 5
    unseen = audit.verify()
    assert (unseen.ok, unseen.start) == (True, heads[7])


@pytest.mark.parametrize("where", ["edited", "missing"])
def test_entries_that_are_in_both(audit: Audit, client: Redis, tmp_path: Path, where: str) -> None:
    """Between the file and the trim, what Redis has must be what the archive has."""
    write(client, 12)
    rows = stored(client)
    archive = archived(audit, tmp_path, 8)
    client.delete(keys.AUDIT_TRIMMED)
    put(client, rows[5:])
    assert audit.verify(archive).ok
    if where == "edited":
        rows[6][1]["entry"] = rows[6][1]["entry"].replace("U7", "U9")
        put(client, rows[5:])
    else:
        put(client, rows[5:6] + rows[7:])
    verdict = audit.verify(archive)
    assert (verdict.ok, verdict.first_bad) == (False, 7)
    assert "different in Redis and in the archive" in verdict.problem


def test_reading_follows_an_archive_that_moves_on(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """Entries that go into the archive while the log is verified are still seen."""
    write(client, 12)
    archived(audit, tmp_path, 4)

    class Moving(Archive):
        moved = False

        def rows(self) -> Any:
            yield from super().rows()
            if not Moving.moved:
                Moving.moved = True
                archived_more = Archive(tmp_path)
                with archived_more.locked():
                    _move(audit, archived_more)

    verdict = audit.verify(Moving(tmp_path))
    assert (Moving.moved, verdict.ok, verdict.count) == (True, True, 12)


def _move(audit: Audit, archive: Archive) -> None:
    rows = [row for row in audit.stream.rows() if row[0] in {"5-0", "6-0"}]
    archive.append(rows, "2026-11")
    assert audit.stream.trim(Head(6, rows[-1][2]))
