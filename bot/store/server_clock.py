"""Redis' clock, by which all processes agree: read now and then, with this machine's own clock in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from redis import Redis

READ_AGAIN_S: Final = 1.0
"""The clock is read often, so that setting it affects few requests, and an outage is seen before a write is sent."""


class ServerClock:
    """Safe to share between threads. ``now`` returns seconds of a clock that is never set."""

    def __init__(self, redis: Redis, now: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._now = now
        self._read = (float("-inf"), 0.0)
        """When it was read last, and by how many seconds it was ahead then."""

    def now_ms(self) -> int:
        """Return its milliseconds, or a little less: what the reply took on its way. Raises RedisError."""
        read_at, ahead_s = self._read
        if self._now() - read_at > READ_AGAIN_S:
            seconds, micros = self._redis.time()
            read_at = self._now()
            ahead_s = seconds + micros / 1e6 - read_at
            self._read = read_at, ahead_s
        return int((self._now() + ahead_s) * 1000)
