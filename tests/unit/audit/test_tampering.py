"""Every change to the log, in Redis or in its archive, is found."""

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

from bot.audit import Audit
from bot.audit.archive import line_of
from bot.audit.entry import digest
from bot.store import keys
from tests.kits.audit_log import Rows, archived, put, split_line, stored, write
from tests.kits.examples import examples


@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
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
    routes = ["edit", "drop", "double", "cut"] + (["swap"] if len(items) > 1 else [])
    match data.draw(st.sampled_from(routes), "what"):
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
    text, stored_hash = split_line(line)
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
