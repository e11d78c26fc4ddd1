"""Which workers are alive, and the consumer groups through which they read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from redis import Redis
from redis.exceptions import ResponseError

from bot.store import keys
from bot.store.client import translate_errors
from bot.store.keys import GROUP
from bot.store.scripts import Script

LUA: Final = Path(__file__).parent / "lua"
CONSUMER_TTL_MS: Final = keys.DAY_S * 1000


class WorkerRegistry:
    """Workers and their heartbeats, which last ``beat_ms``. Methods raise :class:`~bot.errors.Unavailable`."""

    def __init__(self, redis: Redis, *, beat_ms: int) -> None:
        self._redis = redis
        self._beat_ms = beat_ms
        self._beat = Script(redis, LUA / "beat.lua")
        self._forget = Script(redis, LUA / "forget.lua")

    def join(self) -> None:
        """Create the consumer groups, and delete consumers that hold nothing and were not seen for a day."""
        with translate_errors():
            for lane in keys.LANES:
                _create_group(self._redis, keys.stream(lane))
                self._forget([keys.stream(lane)], [GROUP, str(CONSUMER_TTL_MS)])

    def beat(self, worker: str) -> None:
        """Report that this worker is alive."""
        with translate_errors():
            self._beat([keys.WORKERS], [worker, str(self._beat_ms)])

    def leave(self, worker: str) -> None:
        """Report that this worker is gone."""
        with translate_errors():
            self._redis.zrem(keys.WORKERS, worker)

    def alive(self) -> int:
        """Return the number of workers with a fresh heartbeat."""
        with translate_errors():
            seconds, micros = self._redis.time()
            return int(self._redis.zcount(keys.WORKERS, seconds * 1000 + micros // 1000, "+inf"))


@contextmanager
def grouped(redis: Redis, stream: str) -> Iterator[None]:
    """Run a read of the group. If the server does not have the group (new or emptied), create it instead."""
    try:
        yield
    except ResponseError as error:
        if not str(error).startswith("NOGROUP"):
            raise
        _create_group(redis, stream)


def _create_group(redis: Redis, stream: str) -> None:
    try:
        redis.xgroup_create(stream, GROUP, id="0", mkstream=True)  # from 0: jobs that already wait are read too
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
