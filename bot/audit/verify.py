"""Verify the whole log, in the archive and then in Redis, as one chain, against anchors.

An anchor is a head of the log that was stored elsewhere. It shows whether the log was rewritten or its end cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from bot.audit.archive import Archive
from bot.audit.chain import ChainBroken, Row, Verification, walk
from bot.audit.entry import GENESIS, Head
from bot.audit.stream import Stream, StreamEnds, seq_of
from bot.errors import NotUnderstood

MAX_RACES: Final = 5
"""Attempts while entries are moved into the archive."""
_ANCHOR: Final = re.compile(r"\b([0-9a-f]{64}):([0-9]{1,18})\b")


def verify(stream: Stream, archive: Archive | None, anchors: Sequence[Head]) -> Verification:
    """Return the result for the whole log, with the first bad entry.

    Without an archive, verification starts after the entries that were moved into one. Raises OSError if the archive
    cannot be read.
    """
    for _ in range(MAX_RACES):
        ends = stream.ends()
        verification = _walked(stream, archive, anchors, ends)
        if verification.ok or stream.ends().trimmed == ends.trimmed:
            break  # otherwise entries were moved into the archive in the meantime, and were read in neither place
    return verification


def _walked(stream: Stream, archive: Archive | None, anchors: Sequence[Head], ends: StreamEnds) -> Verification:
    rows = stream.rows(last=ends.last) if ends.last else iter(())
    if archive is None:
        return walk(rows, ends.newest, ends.trimmed or GENESIS, anchors)
    return walk(joined(archive.rows(), rows, ends.first_seq), ends.newest, GENESIS, anchors)


def joined(archived: Iterable[Row], kept: Iterator[Row], first: int) -> Iterator[Row]:
    """Yield the archived rows, then those of Redis. After a crash before a trim they overlap, and must be equal there.

    ``first`` is the number of the first entry in Redis, 0 for none. Raises ChainBroken.
    """
    both: dict[int, tuple[str, str]] = {}
    seq = 0
    for seq, row in enumerate(archived, start=1):
        if first and seq >= first:
            both[seq] = row[1:]
        yield row
    due = first
    for row in kept:
        row_seq = seq_of(row[0])
        if row_seq > seq:
            yield row
            continue
        if row[0] != f"{due}-0" or both[due] != row[1:]:
            raise ChainBroken("different in Redis and in the archive", due)
        due += 1
    if first and due <= seq:
        raise ChainBroken("missing in Redis, though the archive has it", due)


def anchor_of(head: Head) -> str:
    """Return the anchor of a head: HASH:COUNT."""
    return f"{head.hash}:{head.seq}"


def read_anchors(given: str) -> tuple[Head, ...]:
    """Return the anchors in ``given``: an anchor, or the name of a file with anchors in any text.

    Raises NotUnderstood if there is none.
    """
    text = given
    if not _ANCHOR.fullmatch(given):
        try:
            text = Path(given).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise NotUnderstood(
                f"{given} is neither an anchor nor a readable file: {error.strerror}.",
                next_step="`python -m bot audit anchor` prints an anchor: HASH:COUNT.",
            ) from None
    found = tuple(Head(int(count), digest) for digest, count in _ANCHOR.findall(text))
    if not found:
        raise NotUnderstood(f"{given} contains no anchor.", next_step="An anchor is HASH:COUNT.")
    return found
