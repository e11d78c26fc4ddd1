"""Tampering with archives, with Redis beside an archive, and with everything at once but the anchor."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from bot.audit import Archive, Audit, Entry, Head
from bot.audit.archive import line_of
from bot.audit.entry import chained, digest
from bot.store import keys
from tests.unit.audit.kit import NOVEMBER, Rows, archived, put, stored, write

Lines = list[str]


def _text(line: str) -> tuple[str, str]:
    return line[:-75] + "}", line[-66:-2]


def _edit(lines: Lines) -> Lines:
    return [*lines[:3], lines[3].replace("U4", "U9"), *lines[4:]]


def _edit_and_hash_again(lines: Lines) -> Lines:
    text = _text(lines[3])[0].replace("U4", "U9")
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
    seq_hash = _text(lines[2])[1]
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
    """Whatever is done to the lines of a file, and zipped again, the first bad entry is named."""
    write(client, 12)
    archive = archived(audit, tmp_path, 8)
    assert audit.verify(archive).ok
    _rewrite(tmp_path, tamper)
    verdict = audit.verify(archive)
    first_bad = NAMED.get(tamper.__name__, 4)
    assert (verdict.ok, verdict.first_bad) == (False, first_bad)
    assert problem in verdict.problem


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


@pytest.mark.parametrize("left", [0, 1, 6, 11])
def test_a_cut_that_hides_itself(audit: Audit, client: Redis, left: int) -> None:
    """The tail and the head cut off together look like a shorter log; only an anchor knows better."""
    heads = write(client, 12)
    put(client, stored(client)[:left])
    if left:
        client.set(keys.AUDIT_HEAD, str(heads[left - 1]))
    else:
        client.delete(keys.AUDIT_HEAD)
    assert audit.verify().ok
    verdict = audit.verify(anchors=[heads[2], heads[11]] if left > 2 else [heads[11]])
    assert (verdict.ok, verdict.first_bad, verdict.count) == (False, left + 1, left)
    assert "an anchor was taken when there were 12" in verdict.problem


def test_a_log_written_anew(audit: Audit, client: Redis) -> None:
    """A whole chain forged from some entry on holds by itself; the first anchor behind that entry does not fit."""
    heads = write(client, 12)
    put(client, stored(client)[:5])
    client.set(keys.AUDIT_HEAD, str(heads[4]))
    Audit(client).append([Entry("asked", f"U{number}") for number in range(6, 13)])
    assert audit.verify(anchors=[heads[4]]).ok
    verdict = audit.verify(anchors=[heads[11], heads[2], heads[8]])
    assert (verdict.ok, verdict.first_bad) == (False, 9)
    assert "an anchor knows it by another hash" in verdict.problem


def test_an_anchor_in_the_archive(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """Anchors older than what Redis holds are held against the archive."""
    heads = write(client, 12)
    archive = archived(audit, tmp_path, 8)
    assert audit.verify(archive, [heads[3], heads[7], heads[11]]).ok
    assert audit.verify(archive, [Head(4, "f" * 64)]).first_bad == 4
    assert audit.verify(None, [Head(8, "f" * 64)]).first_bad == 8


def test_anchors_that_contradict_each_other(audit: Audit, client: Redis) -> None:
    """Two hashes for one entry cannot both be right, in whichever order they are given."""
    heads = write(client, 3)
    forged = Head(2, "f" * 64)
    for anchors in ([heads[1], forged], [forged, heads[1]]):
        assert audit.verify(anchors=anchors).first_bad == 2


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_any_tampering_is_found(
    audit: Audit, client: Redis, tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    """Any one entry edited, dropped, doubled, moved or forged, in Redis or in the archive, or the end cut, is found.

    With an anchor so is all of it together with a head that was made to fit. What is before the first bad entry holds.
    """
    client.flushall()
    count = data.draw(st.integers(2, 12), "entries")
    heads = write(client, count)
    upto = data.draw(st.integers(0, count - 1), "archived")
    folder = tmp_path_factory.mktemp("archive")
    archive = archived(audit, folder, upto)
    assert audit.verify(archive, heads).ok
    hides = data.draw(st.booleans(), "head made to fit")
    if upto and data.draw(st.booleans(), "in the archive"):
        touched = _tamper_lines(folder, data)
    else:
        touched = _tamper_stream(client, upto, data)
        if hides:
            _fit_head(client)
    verdict = audit.verify(archive, [heads[-1]])
    assert not verdict.ok
    assert verdict.first_bad is not None
    assert verdict.count < verdict.first_bad <= touched + 1
    assert verdict.count == verdict.first_bad - 1


def _tamper_lines(folder: Path, data: Any) -> int:
    """Do one thing to the archive's lines; the place of the first entry touched."""
    path = data.draw(st.sampled_from(sorted(folder.glob("*.gz"))), "file")
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    first = int(json.loads(lines[0])["seq"])
    at, changed = _changed(lines, data, _edited_line, lambda line: line)
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in changed).encode()))
    return first + at


def _tamper_stream(client: Redis, upto: int, data: Any) -> int:
    """Do one thing to the stream's entries, with ids in order again; the place of the first entry touched."""
    rows = [fields for _, fields in stored(client)]
    at, changed = _changed(rows, data, _edited_fields, dict)
    renumbered: Rows = [(f"{seq}-0", fields) for seq, fields in enumerate(changed, start=upto + 1)]
    put(client, renumbered)
    return int(upto + 1 + at)


def _changed(
    items: list[Any], data: Any, edited: Callable[[Any, Any], Any], copied: Callable[[Any], Any]
) -> tuple[int, list[Any]]:
    at = data.draw(st.integers(0, len(items) - 1), "where")
    ways = ["edit", "drop", "double", "cut"] + (["swap"] if len(items) > 1 else [])
    match data.draw(st.sampled_from(ways), "what"):
        case "edit":
            return at, [*items[:at], edited(items[at], data), *items[at + 1 :]]
        case "drop":
            return at, items[:at] + items[at + 1 :]
        case "double":
            return at, [*items[: at + 1], copied(items[at]), *items[at + 1 :]]
        case "cut":
            return at, items[:at]
        case _:
            other = data.draw(st.integers(0, len(items) - 1).filter(lambda place: place != at), "with")
            swapped = list(items)
            swapped[at], swapped[other] = swapped[other], swapped[at]
            return min(at, other), swapped


def _edited_line(line: str, data: Any) -> str:
    text, stored_hash = _text(line)
    forged = _forged(text, data)
    return line_of(forged, digest(forged) if data.draw(st.booleans(), "hashed again") else stored_hash)


def _edited_fields(fields: dict[str, str], data: Any) -> dict[str, str]:
    forged = _forged(fields["entry"], data)
    return {"entry": forged, "hash": digest(forged) if data.draw(st.booleans(), "hashed again") else fields["hash"]}


def _forged(text: str, data: Any) -> str:
    body = json.loads(text)
    field = data.draw(st.sampled_from(sorted(body)), "field")
    body[field] = {"at": body["at"] + 1, "seq": body["seq"] + 1, "nodes": ["host-9"]}.get(field, f"{body[field]}9")
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _fit_head(client: Redis) -> None:
    """Make the kept head what the last row says, as who tampers carefully would."""
    rows = stored(client)
    if rows:
        client.set(keys.AUDIT_HEAD, f"{rows[-1][0].partition('-')[0]}:{rows[-1][1]['hash']}")
    else:
        client.delete(keys.AUDIT_HEAD)


def _rewrite(folder: Path, tamper: Callable[[Lines], Lines]) -> None:
    (path,) = folder.glob("*.gz")
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in tamper(lines)).encode()))


def test_reading_follows_an_archive_that_moves_on(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """Entries that go into the archive while the log is verified are seen all the same."""
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
