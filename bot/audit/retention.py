"""Retention: old entries are written to the archive, and only then deleted from Redis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

from bot.audit.archive import Archive
from bot.audit.chain import ChainBroken, Row, walk
from bot.audit.entry import Head, restore
from bot.audit.stream import BATCH_ENTRIES, Stream, StreamEnds
from bot.errors import Failed


class Retention:
    """Keeps ``keep`` seconds of entries in Redis, and always the newest one, to which the next is chained.

    Any number of workers may run it: one at a time locks the archive, and an archive that does not continue where Redis
    begins is not written to. If a worker is killed at any point, no entry is lost or duplicated.
    """

    def __init__(self, stream: Stream, archive: Archive, keep: float) -> None:
        self._stream = stream
        self._archive = archive
        self._keep = keep

    def move_old_entries(self, now: float) -> int:
        """Move the entries older than ``keep`` at ``now``; return how many. Raises Failed if the chain is broken."""
        try:
            with self._archive.locked() as held:
                return self._move(now) if held else 0
        except OSError as error:
            raise Failed(
                f"The audit archive {self._archive.folder} is not writable: {error.strerror or error}.",
                true_now="Every entry is still in Redis.",
                next_step="Check `audit: archive:` in swarmbot.yml and the free disk space.",
            ) from error
        except ChainBroken as error:
            raise _broken(f"The audit archive {self._archive.folder} is {error.problem}.") from error

    def _move(self, now: float) -> int:
        ends = self._stream.ends()
        head = self._archive.head()
        if not ends.first:
            return 0
        if ends.first_seq > head.seq + 1:
            raise Failed(
                f"Audit entries {head.seq + 1} to {ends.first_seq - 1} are neither in Redis nor in "
                f"{self._archive.folder}.",
                true_now="Nothing was moved.",
                next_step="Workers that share a Redis must share the archive too. Otherwise its end was cut off.",
            )
        self._archive.fix()
        if head.seq >= ends.first_seq:
            self._trim(head)
        moved = 0
        while rows := list(islice(self._due(head, ends, now), BATCH_ENTRIES)):
            head = self._store(head, rows)
            moved += len(rows)
        return moved

    def _due(self, head: Head, ends: StreamEnds, now: float) -> Iterator[Row]:
        """Yield the old entries of one month after ``head``. Unreadable ones pass here and are found later."""
        month = ""
        for row in self._stream.rows(after=head.seq, last=ends.last):
            at = _written_at(row)
            if row[0] == ends.last or at >= now - self._keep or _month(at) != (month or _month(at)):
                return
            month = _month(at)
            yield row

    def _store(self, head: Head, rows: list[Row]) -> Head:
        last = Head(head.seq + len(rows), rows[-1][2])
        verification = walk(rows, last, head)
        if not verification.ok:
            raise _broken(f"Audit entry {verification.first_bad} is {verification.problem}.")
        self._archive.append(rows, _month(_written_at(rows[0])))
        self._trim(last)
        return last

    def _trim(self, upto: Head) -> None:
        if not self._stream.trim(upto):
            raise _broken(f"Audit entry {upto.seq} differs between Redis and the archive.")


def _written_at(row: Row) -> float:
    try:
        return restore(row[1], row[2]).at
    except (ValueError, TypeError):
        return 0.0


def _month(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


def _broken(what: str) -> Failed:
    return Failed(
        what,
        true_now="No more entries were moved into the archive.",
        next_step="`python -m bot audit verify` names the first bad entry.",
    )
