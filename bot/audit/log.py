"""The audit log in Redis: appended in the same script as the state that it reports."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from redis import Redis
from redis.exceptions import ResponseError

from bot.audit.chain import Row, Verdict, walk
from bot.audit.entry import GENESIS, Entry, Head, Stored, chained, restore
from bot.errors import Failed, Unavailable
from bot.store import keys
from bot.store.client import answering
from bot.store.scripts import Script

TRIES: Final = 200
LOCK_WAIT: Final = 0.25
BATCH: Final = 500
CLOCK_SKEW: Final = 300.0
"""Seconds by which writers' clocks may differ; a search by time goes on this far before it stops."""

Transition = Callable[[list[str]], list[Any]]
"""Runs a script with these audit arguments last; answers ``["head", head]`` when the log has another head."""


class Audit:
    """Append, query and verify. Safe to share between threads. Methods raise :class:`Unavailable`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = Script(redis, Path(__file__).parent / "lua" / "append.lua")
        self._lock = threading.Lock()
        self._head: Head | None = None

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries that report no change of a job."""
        self.commit(entries, lambda tail: self._script([keys.AUDIT_LOG, keys.AUDIT_HEAD], tail))

    def commit(self, entries: Sequence[Entry], transition: Transition) -> list[Any]:
        """Run ``transition`` so that ``entries`` are appended with it, and return its answer.

        The lock only keeps the threads of one process from making each other try again; the script decides.
        """
        with answering():
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
        head = self._head or self._read_head() or GENESIS
        for _ in range(TRIES):
            after, rows = chained(head, entries, time.time())
            reply = transition([str(head), str(after), *(text for row in rows for text in row)])
            if reply[0] != "head":
                # Not every answer appended (a duplicate, a lost lease): then the next try is told the true head.
                self._head = after
                return reply
            head = Head.parse(reply[1])
        raise Unavailable("The audit log is too busy.", true_now="Nothing was done.", next_step="Try again.")

    def query(
        self,
        *,
        by: str | None = None,
        node: str | None = None,
        command: str | None = None,
        cluster: str | None = None,
        job: str | None = None,
        since: float | None = None,
        until: float | None = None,
        before: int | None = None,
        count: int = 20,
    ) -> list[Stored]:
        """The newest ``count`` entries that fit all that is given, newest first.

        ``since`` and ``until`` are unix seconds, both included; ``before`` is the seq where the last page ended.
        """
        wanted = {"by": by, "command": command, "cluster": cluster, "job": job}
        exact = [(name, value) for name, value in wanted.items() if value is not None]
        found: list[Stored] = []
        for entry in self._backwards(before):
            if since is not None and entry.at < since - CLOCK_SKEW:
                break
            fits = (
                all(getattr(entry, name) == value for name, value in exact)
                and (since is None or entry.at >= since)
                and (until is None or entry.at <= until)
                and (node is None or entry.concerns(node))
            )
            if fits:
                found.append(entry)
                if len(found) == count:
                    break
        return found

    def verify(self) -> Verdict:
        """Walk the whole log in batches and name the first entry that is not as it was written."""
        with answering():
            pipe = self._redis.pipeline(transaction=True)
            pipe.get(keys.AUDIT_HEAD)
            pipe.xrevrange(keys.AUDIT_LOG, count=1)
            kept, last = pipe.execute()
        return walk(self._forwards(last[0][0]) if last else (), _parse(kept))

    def _read_head(self) -> Head | None:
        return _parse(str(self._redis.get(keys.AUDIT_HEAD) or ""))

    def _forwards(self, last: str) -> Iterator[Row]:
        after = "-"
        while True:
            with answering():
                batch: Any = self._redis.xrange(keys.AUDIT_LOG, after, last, count=BATCH)
            yield from map(_row, batch)
            if len(batch) < BATCH:
                return
            after = f"({batch[-1][0]}"

    def _backwards(self, before: int | None) -> Iterator[Stored]:
        until = "+" if before is None else f"({before}-0"
        while True:
            with answering():
                batch: Any = self._redis.xrevrange(keys.AUDIT_LOG, until, "-", count=BATCH)
            for item in batch:
                _, text, stored_hash = _row(item)
                with contextlib.suppress(ValueError, TypeError):  # an entry that cannot be read: verify names it
                    yield restore(text, stored_hash)
            if len(batch) < BATCH:
                return
            until = f"({batch[-1][0]}"


def _row(item: tuple[str, dict[str, str]]) -> Row:
    place, fields = item
    return place, fields.get("entry", ""), fields.get("hash", "")


def _parse(text: str | None) -> Head | None:
    try:
        return Head.parse(text) if text else None
    except ValueError:
        return None
