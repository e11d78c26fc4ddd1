"""The audit log in Redis: entries are appended in the same script as the change that they report."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from redis import Redis
from redis.exceptions import ResponseError

from bot.audit.archive import Archive
from bot.audit.chain import Verification
from bot.audit.entry import GENESIS, Entry, Head, StoredEntry, chained
from bot.audit.filter import ANY, Filter
from bot.audit.stream import Stream, parse_entries
from bot.audit.verify import verify
from bot.errors import Failed, Unavailable
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.scripts import Script

MAX_RACES: Final = 200
LOCK_TIMEOUT_S: Final = 0.25

Transition = Callable[[list[str]], list[Any]]
"""Runs a script with these audit arguments last; returns ``["head", head]`` if the log has another head."""


class Audit:
    """Append, query and verify. Safe to share between threads. Methods raise :class:`Unavailable`."""

    def __init__(self, redis: Redis) -> None:
        self.stream = Stream(redis)
        self._script = Script(redis, Path(__file__).parent / "lua" / "append.lua")
        self._lock = threading.Lock()
        self._head: Head | None = None

    def append(self, entries: Sequence[Entry]) -> None:
        """Append entries that do not belong to a transition."""
        self.commit(entries, lambda tail: self._script(keys.AUDIT, tail))

    def commit(self, entries: Sequence[Entry], transition: Transition) -> list[Any]:
        """Run ``transition`` with ``entries`` to append, and return its reply.

        The lock only avoids retries between the threads of one process; the script decides.
        """
        with translate_errors(writing=True):
            if not entries:
                return transition(["", ""])
            locked = self._lock.acquire(timeout=LOCK_TIMEOUT_S)
            try:
                return self._commit(entries, transition)
            except ResponseError as error:
                if "XADD" not in str(error):
                    raise
                raise Failed(
                    "The audit log is not writable: it contains entries that Swarmbot did not write.",
                    true_now="Nothing was done.",
                    next_step="Run `python -m bot audit verify`: it names the first bad entry.",
                ) from error
            finally:
                if locked:
                    self._lock.release()

    def _commit(self, entries: Sequence[Entry], transition: Transition) -> list[Any]:
        head = self._head or self.stream.newest() or GENESIS
        nonce = secrets.token_hex(8)
        for _ in range(MAX_RACES):
            after, rows = chained(head, entries, time.time(), nonce)
            reply = transition([str(head), str(after), *(text for row in rows for text in row)])
            if reply[0] != "head":
                # Some replies append nothing (a duplicate, a lost lease): then the next call gets the actual head.
                self._head = after
                return reply
            head = Head.parse(reply[1])
        raise Unavailable("The audit log is too busy.", true_now="Nothing was done.", next_step="Try again.")

    def query(self, wanted: Filter = ANY, *, before: int = 0, after: int = 0, count: int = 20) -> list[StoredEntry]:
        """Return the newest ``count`` matching entries in Redis, newest first.

        With ``before``, only entries before that number; with ``after``, the oldest ``count`` after that number.
        """
        if after:
            rows = (row for row in self.stream.rows(after=after) if wanted.may_fit(row[1]))
            fitting = (entry for entry in parse_entries(rows) if wanted.fits(entry))
            return list(islice(fitting, count))[::-1]
        found: list[StoredEntry] = []
        candidates = (row for row in self.stream.backwards(before) if wanted.since or wanted.may_fit(row[1]))
        for entry in parse_entries(candidates):
            if wanted.begins_after(entry):
                break
            if wanted.fits(entry):
                found.append(entry)
                if len(found) == count:
                    break
        return found

    def verify(self, archive: Archive | None = None, anchors: Sequence[Head] = ()) -> Verification:
        """Verify the whole log in ``archive`` and Redis, and return the result with the first bad entry.

        ``anchors`` are heads that were stored elsewhere. Raises OSError if the archive cannot be read.
        """
        return verify(self.stream, archive, anchors)
