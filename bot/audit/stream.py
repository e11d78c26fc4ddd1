"""The audit log's stream in Redis: read in batches in both directions, and trimmed after archiving."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from redis import Redis

from bot.audit.chain import Row
from bot.audit.entry import Head, StoredEntry, restore
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.scripts import Script

BATCH_ENTRIES: Final = 500


@dataclass(frozen=True, slots=True)
class StreamEnds:
    """Both ends of the stream at one instant."""

    first: str
    """A stream id; "" if the stream is empty."""
    last: str
    newest: Head | None
    """The head that is stored beside the stream."""
    trimmed: Head | None
    """The last entry that is only in the archive."""

    @property
    def first_seq(self) -> int:
        """The number of the first entry; 0 if there is none."""
        return seq_of(self.first) if self.first else 0


class Stream:
    """Safe to share between threads. Methods raise Unavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._trim = Script(redis, Path(__file__).parent / "lua" / "trim.lua")

    def ends(self) -> StreamEnds:
        """Return both ends of the stream, read in one transaction."""
        with translate_errors():
            pipe = self._redis.pipeline(transaction=True)
            pipe.get(keys.AUDIT_HEAD)
            pipe.get(keys.AUDIT_TRIMMED)
            pipe.xrange(keys.AUDIT_LOG, count=1)
            pipe.xrevrange(keys.AUDIT_LOG, count=1)
            newest, trimmed, first, last = pipe.execute()
        return StreamEnds(first[0][0] if first else "", last[0][0] if last else "", _head(newest), _head(trimmed))

    def newest(self) -> Head | None:
        """Return the head that is stored beside the stream."""
        with translate_errors():
            return _head(str(self._redis.get(keys.AUDIT_HEAD) or ""))

    def rows(self, after: int = 0, last: str = "+") -> Iterator[Row]:
        """Yield the entries after number ``after`` up to the id ``last``, oldest first."""
        begin = f"({after}-0" if after else "-"
        while True:
            with translate_errors():
                batch: Any = self._redis.xrange(keys.AUDIT_LOG, begin, last, count=BATCH_ENTRIES)
            yield from map(_row, batch)
            if len(batch) < BATCH_ENTRIES:
                return
            begin = f"({batch[-1][0]}"

    def backwards(self, before: int = 0) -> Iterator[Row]:
        """Yield the entries before number ``before`` (0: all), newest first."""
        until = f"({before}-0" if before else "+"
        while True:
            with translate_errors():
                batch: Any = self._redis.xrevrange(keys.AUDIT_LOG, until, "-", count=BATCH_ENTRIES)
            yield from map(_row, batch)
            if len(batch) < BATCH_ENTRIES:
                return
            until = f"({batch[-1][0]}"

    def trim(self, upto: Head) -> bool:
        """Delete the entries up to ``upto``, which is archived; return False if the stream has another entry there."""
        with translate_errors():
            reply = self._trim([keys.AUDIT_LOG, keys.AUDIT_TRIMMED], [str(upto), f"{upto.seq}-0", upto.hash])
        return bool(reply[0] == "ok")


def parse_entries(rows: Iterable[Row]) -> Iterator[StoredEntry]:
    """Yield the entries of the rows. An unreadable one is skipped; ``verify`` reports it."""
    for _, text, stored_hash in rows:
        with contextlib.suppress(ValueError, TypeError):
            yield restore(text, stored_hash)


def seq_of(stream_id: str) -> int:
    """Return the number of the entry with this stream id."""
    return int(stream_id.partition("-")[0])


def _row(item: tuple[str, dict[str, str]]) -> Row:
    place, fields = item
    return place, fields.get("entry", ""), fields.get("hash", "")


def _head(text: str | None) -> Head | None:
    try:
        return Head.parse(text) if text else None
    except ValueError:
        return None
