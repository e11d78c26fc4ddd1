"""Verifying the whole log: what an archive holds, then what Redis holds, as one chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bot.audit.archive import Archive
from bot.audit.chain import ChainBroken, Row, Verdict, walk
from bot.audit.entry import GENESIS, Head
from bot.audit.stream import Stream, StreamEnds, place_of

TRIES: Final = 5


def verify(stream: Stream, archive: Archive | None, anchors: Sequence[Head]) -> Verdict:
    """Walk everything and name the first entry that is not as it was written.

    Without an archive the walk begins behind what was moved into one. Raises OSError when the archive cannot be read.
    """
    for _ in range(TRIES):
        ends = stream.ends()
        verdict = _walked(stream, archive, anchors, ends)
        if verdict.ok or stream.ends().trimmed == ends.trimmed:
            break  # else entries went into the archive meanwhile, and were seen neither here nor there
    return verdict


def _walked(stream: Stream, archive: Archive | None, anchors: Sequence[Head], ends: StreamEnds) -> Verdict:
    rows = stream.rows(last=ends.last) if ends.last else iter(())
    if archive is None:
        return walk(rows, ends.newest, ends.trimmed or GENESIS, anchors)
    return walk(joined(archive.rows(), rows, ends.first_seq), ends.newest, GENESIS, anchors)


def joined(archived: Iterable[Row], kept: Iterator[Row], first: int) -> Iterator[Row]:
    """The archived rows, then those of Redis; where they overlap, after a crash before a trim, both must agree.

    ``first`` is the place of the first in Redis, 0 for none. Raises Broken.
    """
    both: dict[int, tuple[str, str]] = {}
    seq = 0
    for seq, row in enumerate(archived, start=1):
        if first and seq >= first:
            both[seq] = row[1:]
        yield row
    due = first
    for row in kept:
        place = place_of(row[0])
        if place > seq:
            yield row
            continue
        if row[0] != f"{due}-0" or both[due] != row[1:]:
            raise ChainBroken("different in Redis and in the archive", due)
        due += 1
    if first and due <= seq:
        raise ChainBroken("missing in Redis, though the archive has it", due)
