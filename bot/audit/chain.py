"""The check of the hash chain: every entry is unchanged and in its place, and the last one is the newest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.audit.entry import GENESIS, Head, StoredEntry, digest, restore

Row = tuple[str, str, str]
"""An entry's stream id (``seq-0``; "" in the archive), its canonical JSON and its hash."""


class ChainBroken(Exception):
    """The rows cannot be read further: why, and at which entry (0: the next one)."""

    def __init__(self, problem: str, seq: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.seq = seq


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a verification."""

    ok: bool
    count: int
    """The number of valid entries after ``start``."""
    head: Head
    """The last valid entry."""
    first_bad: int | None = None
    """The number of the first invalid entry; None if all are valid."""
    problem: str = ""
    """Why it is invalid."""
    start: Head = GENESIS
    """Not GENESIS if the entries up to it are in an archive that was not read."""


def walk(rows: Iterable[Row], newest: Head | None, start: Head = GENESIS, anchors: Iterable[Head] = ()) -> Verification:
    """Verify the chain from after ``start`` to the last row, which must be ``newest`` (None: no head is stored).

    Each of ``anchors`` is an earlier head: the chain must contain it.
    """
    known: dict[int, str] = {}
    for anchor in anchors:
        if anchor.seq >= start.seq:  # two that contradict each other cannot both hold
            known[anchor.seq] = anchor.hash if known.get(anchor.seq, anchor.hash) == anchor.hash else ""
    head = start
    try:
        for row in rows:
            bad = _anchored(head, known) or _check(head, *row)
            if bad:
                return _bad(start, head, *bad)
            head = Head(head.seq + 1, row[2])
    except ChainBroken as broken:
        return _bad(start, head, broken.seq or head.seq + 1, broken.problem)
    bad = _anchored(head, known) or (_end(head, newest) if newest or head != start else None) or _cut(head, known)
    return _bad(start, head, *bad) if bad else Verification(ok=True, count=head.seq - start.seq, head=head, start=start)


def _anchored(head: Head, known: dict[int, str]) -> tuple[int, str] | None:
    if known.get(head.seq, head.hash) == head.hash:
        return None
    return max(head.seq, 1), "rewritten, this entry or one before it: an anchor has another hash for it"


def _cut(head: Head, known: dict[int, str]) -> tuple[int, str] | None:
    last_anchor = max(known, default=0)
    return (
        (head.seq + 1, f"missing: an anchor was taken when there were {last_anchor}")
        if last_anchor > head.seq
        else None
    )


def _end(head: Head, newest: Head | None) -> tuple[int, str] | None:
    if newest is None:
        return head.seq, "perhaps not the last: the log's head is missing or unreadable"
    if newest.seq > head.seq:
        return head.seq + 1, f"missing: the log's head is entry {newest.seq}"
    if newest.seq < head.seq:
        return newest.seq + 1, f"not written by Swarmbot: the log's head is entry {newest.seq}"
    return (head.seq, "rewritten: the log's head has another hash") if newest.hash != head.hash else None


def _check(head: Head, place: str, text: str, stored_hash: str) -> tuple[int, str] | None:
    expected = head.seq + 1
    if place and place != f"{expected}-0":
        seq, _, part = place.partition("-")
        if part != "0":
            return expected, f"inserted: its place in the stream is {place}"
        return expected, f"missing: the next one is entry {seq}"
    if digest(text) != stored_hash:
        return expected, "edited: its text and its hash differ"
    try:
        entry = restore(text, stored_hash)
    except (ValueError, TypeError):
        return expected, "not an entry: its text cannot be read"
    return _link(head, entry)


def _link(head: Head, entry: StoredEntry) -> tuple[int, str] | None:
    expected = head.seq + 1
    if entry.seq < expected:
        return max(entry.seq, 1), f"inserted or moved: two entries have the number {entry.seq}"
    if entry.seq > expected:
        return expected, f"missing or out of order: entry {entry.seq} is in its place"
    if entry.prev != head.hash:
        return max(head.seq, 1), f"rewritten: entry {expected} was chained to another text"
    return None


def _bad(start: Head, head: Head, seq: int, problem: str) -> Verification:
    count = max(min(head.seq, seq - 1) - start.seq, 0)
    return Verification(ok=False, count=count, head=head, first_bad=seq, problem=problem, start=start)
