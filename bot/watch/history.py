"""The history of each cluster in Redis: a sample for each slot, written by the process that leads its watch."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final

import msgspec
from redis import Redis

from bot.model.history import KEPT_S, MAX_SAMPLES, History, Sample
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.leader_lease import LeaderLease, LeadershipLost
from bot.store.scripts import Script

_RECORD: Final = Path(__file__).parent / "lua" / "record.lua"
_DECODER: Final = msgspec.json.Decoder(Sample)

log = logging.getLogger(__name__)


class WatchHistory:
    """Safe to share between threads. Every method raises :class:`~bot.errors.Unavailable`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._record = Script(redis, _RECORD)

    def history(self, cluster: str) -> History:
        """Return all that is kept of a cluster."""
        with translate_errors():
            pipeline = self._redis.pipeline()
            pipeline.hget(keys.watch_lease(cluster), "holder")
            pipeline.zrange(keys.watch_history(cluster), 0, -1)
            holder, kept = pipeline.execute()
        samples = [sample for text in kept if (sample := _sample(text)) is not None]
        return History(tuple(samples), watched=bool(holder))

    def sample(self, cluster: str, slot: int) -> Sample | None:
        """Return the sample of the slot that began then; None if there is none."""
        with translate_errors():
            stored: Any = self._redis.zrangebyscore(keys.watch_history(cluster), slot, slot)
        return _sample(stored[0]) if stored else None

    def record(self, lease: LeaderLease, cluster: str, sample: Sample) -> None:
        """Keep a sample in place of an earlier one of its slot. Raise LeadershipLost, and write nothing, if it is void.

        Samples older than KEPT_S are deleted, and the oldest beyond MAX_SAMPLES.
        """
        places = [keys.watch_lease(cluster), keys.watch_history(cluster)]
        args = [str(lease.fence), str(sample.at), msgspec.json.encode(sample).decode(), str(MAX_SAMPLES), str(KEPT_S)]
        with translate_errors(writing=True):
            [word] = self._record(places, args)
        if word == "lost":
            raise LeadershipLost(keys.watch_lease(cluster), lease.fence)


def _sample(text: str) -> Sample | None:
    """Return a stored sample; None if another version of Swarmbot stored it: then its slot is not known."""
    try:
        return _DECODER.decode(text)
    except msgspec.ValidationError as error:
        log.warning("A sample of a cluster's history cannot be read: %s", error)
        return None
