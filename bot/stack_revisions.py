"""The last deploys of each stack: what each was made from, encrypted, so that it can be deployed again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import Any, Final, cast

from redis import Redis
from redis.client import Pipeline

from bot.blocks import tick
from bot.errors import Refused
from bot.model import StackRevision, StackSource
from bot.secrets.sealed_json import open_json, seal_json
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import translate_errors
from bot.stored_json import from_json, to_json
from bot.typed_files import TypedFiles

MAX_REVISIONS: Final = 10
"""The number of revisions kept for each stack."""


class Revisions:
    """Safe to share between threads. ``key`` is SWARMBOT_SECRET_KEY; without it nothing is kept.

    A source is encrypted for its cluster (by its name in swarmbot.yml), its stack and its number: it cannot be put in
    the place of another one. Every method raises Unavailable without Redis.
    """

    def __init__(self, redis: Redis, key: Secret | None) -> None:
        self.typed_files = TypedFiles(redis, key)
        self._redis = redis
        self._key = key

    def hold(self, job: str, plan: str, source: StackSource) -> None:
        """Hold what the deploy of a job is made from until its end. ``plan`` is the plan's text.

        A worker that takes over the job makes no plan of its own once something may have changed: it uses this source.
        """
        if self._key is None:
            return
        place = _held(job, plan)
        sealed = seal_json(self._key, place, source)
        with translate_errors():
            self._redis.set(place, sealed, ex=keys.HELD_SOURCE_TTL_S)

    def keep(self, cluster: str, job: str, plan: str, requester: str) -> int:
        """Keep what was held for a job as a revision, and return its number; 0 if nothing was held.

        A job that is kept already, by a worker that has ended since, keeps its number.
        """
        place = _held(job, plan)
        with translate_errors():
            sealed: Any = self._redis.get(place)
        key, source = self._key, open_json(StackSource, self._key, place, sealed)
        if key is None or source is None:
            return 0
        where = cluster, source.stack

        def store(pipe: Pipeline) -> int:
            known = _records(cast("Any", pipe.hgetall(keys.stack_revisions(*where))))
            if same := [each.number for each in known if each.job == job]:
                return same[0]
            number = known[0].number + 1 if known else 1
            record = to_json(StackRevision(number, time.time(), requester, job))
            pipe.multi()
            pipe.hset(keys.stack_revisions(*where), str(number), record)
            pipe.hset(keys.stack_sources(*where), str(number), seal_json(key, _context(*where, number), source))
            for old in known[MAX_REVISIONS - 1 :]:
                pipe.hdel(keys.stack_revisions(*where), str(old.number))
                pipe.hdel(keys.stack_sources(*where), str(old.number))
            return number

        with translate_errors():
            kept: Any = self._redis.transaction(
                cast("Any", store), keys.stack_revisions(*where), value_from_callable=True
            )
        return int(kept)

    def listed(self, cluster: str, stack: str) -> tuple[StackRevision, ...]:
        """Return the records of a stack's revisions, the last one first."""
        with translate_errors():
            found: Any = self._redis.hgetall(keys.stack_revisions(cluster, stack))
        return _records(found)

    def source(self, cluster: str, stack: str, number: int) -> StackSource:
        """Return what a revision was made from. Raise Refused if it is gone or cannot be decrypted."""
        with translate_errors():
            sealed: Any = self._redis.hget(keys.stack_sources(cluster, stack), str(number))
        source = open_json(StackSource, self._key, _context(cluster, stack, number), sealed)
        if source is not None:
            return source
        raise Refused(
            f"revision {number} of stack {tick(stack)} cannot be decrypted: it was kept with another "
            "SWARMBOT_SECRET_KEY.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm stack {stack} --diff --revision 0` compares it with the compose file.",
        )


def _records(fields: Mapping[str, str]) -> tuple[StackRevision, ...]:
    records = (from_json(StackRevision, text) for text in fields.values())
    return tuple(sorted(records, key=lambda each: each.number, reverse=True))


def _held(job: str, plan: str) -> str:
    """Return the key of what is held. A worker that lost its lease may have planned from other files."""
    return keys.held_source(job, hashlib.sha256(plan.encode()).hexdigest())


def _context(cluster: str, stack: str, number: int) -> str:
    """Return what a sealed source is bound to."""
    return f"stack revision {cluster} {stack} {number}"
