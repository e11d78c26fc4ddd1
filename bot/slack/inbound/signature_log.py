"""Counts requests whose signature does not match: a wrong SLACK_SIGNING_SECRET shows as nothing else in Slack.

The counts are in Redis, where the doctor reads them. Only whole requests with a fresh timestamp count, but anybody can
send those. So the counts are a hint for the person who sets up Swarmbot, and no reason to stop serving.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis, RedisError

from bot.store import keys

INTERVAL_S: Final = 60.0
"""The least time between two lines in the log, and between two writes to Redis; the first of each kind is written at
once."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignatureCounts:
    """What the web processes have counted since the last request whose signature matched."""

    rejected: int
    rejected_at: float
    """Unix seconds; 0: never."""
    accepted_at: float
    """Unix seconds of the last request whose signature matched, up to INTERVAL_S late; 0: never."""


class SignatureLog:
    """Safe to share between threads. ``now`` returns unix seconds. Redis errors are ignored: nothing depends on it."""

    def __init__(self, redis: Redis, now: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._now = now
        self._lock = threading.Lock()
        self._rejected = 0
        self._written = {"accepted": 0.0, "rejected": 0.0}
        self._accepted_any = False
        self._rejected_any = False
        # No request waits for this write: Redis may be slow.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="signatures")

    @property
    def secret_may_be_wrong(self) -> bool:
        """Whether signatures were rejected and none has matched since this process started."""
        return self._rejected_any and not self._accepted_any

    def reject(self) -> None:
        """Count a request whose signature does not match."""
        with self._lock:
            self._rejected_any = True
            self._rejected += 1
            if not self._due("rejected"):
                return
            count, self._rejected = self._rejected, 0
        log.warning(
            "%s request(s) had a signature that SLACK_SIGNING_SECRET does not match. If commands fail in Slack with "
            "dispatch_failed, compare it with Basic Information > Signing Secret of the Slack app.",
            count,
        )
        self._writer.submit(self._write, {"rejected_at": self._now()}, rejected=count)

    def accept(self) -> None:
        """Note that a signature matched."""
        with self._lock:
            self._accepted_any = True
            if not self._due("accepted"):
                return
            self._rejected = 0
        self._writer.submit(self._write, {"accepted_at": self._now(), "rejected": 0})

    def _due(self, kind: str) -> bool:
        due = self._now() - self._written[kind] >= INTERVAL_S
        if due:
            self._written[kind] = self._now()
        return due

    def _write(self, fields: Mapping[Any, Any], *, rejected: int = 0) -> None:
        try:
            with self._redis.pipeline() as pipeline:
                pipeline.hset(keys.SIGNATURES, mapping=fields)
                if rejected:
                    pipeline.hincrby(keys.SIGNATURES, "rejected", rejected)
                pipeline.execute()
        except RedisError as error:
            log.info("signature counts were not stored: %s", type(error).__name__)


def read_counts(redis: Redis) -> SignatureCounts:
    """Return what the web processes have counted. Raises RedisError."""
    found = redis.hgetall(keys.SIGNATURES)
    return SignatureCounts(
        int(found.get("rejected", 0)), float(found.get("rejected_at", 0)), float(found.get("accepted_at", 0))
    )
