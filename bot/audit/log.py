"""The audit log in Redis: appended in the same script as the state that it reports."""

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
from bot.audit.chain import Verdict
from bot.audit.entry import GENESIS, Entry, Head, Stored, chained
from bot.audit.filter import ANY, Filter
from bot.audit.stream import Stream, readable
from bot.audit.verify import verify
from bot.errors import Failed, Unavailable
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.scripts import Script

TRIES: Final = 200
LOCK_WAIT: Final = 0.25

Transition = Callable[[list[str]], list[Any]]
"""Runs a script with these audit arguments last; answers ``["head", head]`` when the log has another head."""


class Audit:
    """Append, query and verify. Safe to share between threads. Methods raise :class:`Unavailable`."""

    def __init__(self, redis: Redis) -> None:
        self.stream = Stream(redis)
        self._script = Script(redis, Path(__file__).parent / "lua" / "append.lua")
        self._lock = threading.Lock()
        self._head: Head | None = None

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries that report no change of a job."""
        self.commit(entries, lambda tail: self._script(keys.AUDIT, tail))

    def commit(self, entries: Sequence[Entry], transition: Transition) -> list[Any]:
        """Run ``transition`` so that ``entries`` are appended with it, and return its answer.

        The lock only keeps the threads of one process from making each other try again; the script decides.
        """
        with translate_errors(writing=True):
            if not entries:
                return transition(["", ""])
            locked = self._lock.acquire(timeout=LOCK_WAIT)
            try:
                return self._commit(entries, transition)
            except ResponseError as error:
                if "XADD" not in str(error):
                    raise
                raise Failed(
                    "The audit log cannot be written to: it holds entries that Swarmbot did not write.",
                    true_now="Nothing was done.",
                    next_step="Run `python -m bot audit verify`; it names the first bad entry.",
                ) from error
            finally:
                if locked:
                    self._lock.release()

    def _commit(self, entries: Sequence[Entry], transition: Transition) -> list[Any]:
        head = self._head or self.stream.newest() or GENESIS
        nonce = secrets.token_hex(8)
        for _ in range(TRIES):
            after, rows = chained(head, entries, time.time(), nonce)
            reply = transition([str(head), str(after), *(text for row in rows for text in row)])
            if reply[0] != "head":
                # Not every answer appended (a duplicate, a lost lease): then the next try is told the true head.
                self._head = after
                return reply
            head = Head.parse(reply[1])
        raise Unavailable("The audit log is too busy.", true_now="Nothing was done.", next_step="Try again.")

    def query(self, wanted: Filter = ANY, *, before: int = 0, after: int = 0, count: int = 20) -> list[Stored]:
        """The newest ``count`` entries in Redis that fit, newest first.

        ``before`` is the place where a page ended that was newer. With ``after`` it is the oldest ``count`` behind
        that place instead: the page before the one that began there.
        """
        if after:
            rows = (row for row in self.stream.rows(after=after) if wanted.may_fit(row[1]))
            fitting = (entry for entry in readable(rows) if wanted.fits(entry))
            return list(islice(fitting, count))[::-1]
        found: list[Stored] = []
        looked = (row for row in self.stream.backwards(before) if wanted.since or wanted.may_fit(row[1]))
        for entry in readable(looked):
            if wanted.begins_after(entry):
                break
            if wanted.fits(entry):
                found.append(entry)
                if len(found) == count:
                    break
        return found

    def verify(self, archive: Archive | None = None, anchors: Sequence[Head] = ()) -> Verdict:
        """Walk the whole log, across ``archive`` and Redis, and name the first entry that is not as it was written.

        ``anchors`` are heads that were once noted elsewhere. Raises OSError when the archive cannot be read.
        """
        return verify(self.stream, archive, anchors)
