"""Logs that are written, archived and tampered with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redis import Redis

from bot.audit import Archive, Audit, Entry, Retention
from bot.audit.entry import Head, chained
from bot.store import keys

Rows = list[tuple[str, dict[str, str]]]
"""What the stream holds: ids and fields."""

NOVEMBER = 1_793_500_000.0
"""Unix seconds, 2026-11-01: a moment at which test entries begin."""
DAY = 24 * 3600.0


def write(client: Redis, count: int, *, begin: float = NOVEMBER, apart: float = DAY) -> list[Head]:
    """Write ``count`` entries into an empty log, a day apart unless said otherwise; the head after each."""
    head, heads = Head(0, "0" * 64), []
    for number in range(1, count + 1):
        entry = Entry("asked", f"U{number}", cluster="prod", detail=f"number {number}")
        head, rows = chained(head, [entry], begin + (number - 1) * apart, "")
        client.xadd(keys.AUDIT_LOG, {"entry": rows[0][0], "hash": rows[0][1]}, id=f"{head.seq}-0")
        heads.append(head)
    client.set(keys.AUDIT_HEAD, str(head))
    return heads


def stored(client: Redis) -> Rows:
    """What is in the stream."""
    rows: Any = client.xrange(keys.AUDIT_LOG)
    return [(place, dict(fields)) for place, fields in rows]


def put(client: Redis, rows: Rows) -> None:
    """Make the stream hold exactly this."""
    client.delete(keys.AUDIT_LOG)
    for place, fields in rows:
        client.xadd(keys.AUDIT_LOG, fields, id=place)  # type: ignore[arg-type] # dict is invariant


def archived(audit: Audit, folder: Path, upto: int) -> Archive:
    """Move entries 1 to ``upto`` of those that ``write`` wrote into an archive."""
    archive = Archive(folder)
    assert Retention(audit.stream, archive, keep=DAY).move_old_entries(NOVEMBER + upto * DAY + DAY / 2) == upto
    return archive


def split_line(line: str) -> tuple[str, str]:
    """An archive's line as the entry's text and its hash."""
    return line[:-75] + "}", line[-66:-2]
