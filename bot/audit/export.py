"""Export of entries: JSON Lines as in the archive, and CSV for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Final, TextIO

from bot.audit.archive import Archive, line_of
from bot.audit.chain import ChainBroken, Row
from bot.audit.entry import StoredEntry, restore
from bot.audit.filter import Filter
from bot.audit.log import Audit
from bot.audit.stream import seq_of
from bot.errors import Failed

COLUMNS: Final = (
    "seq", "time", "by", "action", "command", "words", "cluster", "channel", "job", "nodes", "detail", "prev", "hash",
)  # fmt: skip
FORMULA_PREFIXES: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets accept both
"""A spreadsheet computes a cell that begins with one of these. Source: owasp.org, CSV Injection."""


def matching_rows(audit: Audit, archive: Archive | None, wanted: Filter) -> Iterator[Row]:
    """Yield the matching entries of the archive and Redis, oldest first. Raises Failed if they cannot be read."""
    try:
        for row in _all_rows(audit, archive):
            entry = _entry(row)
            if entry is not None and wanted.fits(entry):
                yield row
    except (ChainBroken, OSError) as error:
        raise Failed(
            f"The audit archive cannot be read: {error}.",
            next_step="`python -m bot audit verify` names the first bad entry.",
        ) from error


def write_json_lines(rows: Iterable[Row], out: TextIO) -> None:
    """Write one line for each entry: its text as hashed, and its hash."""
    out.writelines(line_of(text, stored_hash) + "\n" for _, text, stored_hash in rows)


def write_csv(rows: Iterable[Row], out: TextIO) -> None:
    """Write a row of names and one row for each entry; formulas are escaped with an apostrophe."""
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in filter(None, map(_entry, rows)):
        cells = {name: getattr(entry, name) for name in COLUMNS if name not in {"time", "nodes"}}
        cells["time"] = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="milliseconds")
        cells["nodes"] = " ".join(entry.nodes)
        writer.writerow([_cell(str(cells[name])) for name in COLUMNS])


def _cell(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_PREFIXES) else text


def _entry(row: Row) -> StoredEntry | None:
    try:
        return restore(row[1], row[2])
    except (ValueError, TypeError):
        return None  # ``verify`` reports it


def _all_rows(audit: Audit, archive: Archive | None) -> Iterator[Row]:
    """Yield the rows of the archive, then those of Redis. Entries that are archived in the meantime are read there.

    A gap that the archive does not fill is skipped; ``verify`` reports it.
    """
    ends = audit.stream.ends()
    if archive is None:
        yield from audit.stream.rows(last=ends.last) if ends.last else ()
        return
    seq, gap = 0, -1
    while True:
        for row in islice(archive.rows(), seq, None):
            seq += 1
            yield row
        for row in audit.stream.rows(after=seq, last=ends.last) if ends.last else ():
            if seq_of(row[0]) > seq + 1 and gap != seq:
                gap = seq
                break
            seq = seq_of(row[0])
            yield row
        else:
            return
