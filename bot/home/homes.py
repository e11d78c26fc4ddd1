"""Whose Home tab is kept fresh, and what was last published there, in Redis."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from redis import Redis

from bot.store import keys
from bot.store.client import translate_errors
from bot.store.scripts import Script

LUA: Final = Path(__file__).parent / "lua"
CLAIM_S: Final = 15.0
"""How long one attempt may take. If its process dies, another one tries after this time."""
MAX_CALLS_A_MINUTE: Final = 80
"""Calls of views.publish by all processes together: Slack takes 100 (tier 4)."""


@dataclass(frozen=True, slots=True)
class HomeClaim:
    """One attempt to publish a Home."""

    person: str
    """U…"""
    opened_at: float
    """When the person last opened it, unix seconds."""
    digest: str
    """The digest of what was published last; "" if it is unknown."""
    hash: str
    """Slack's hash of that view; "" if it is unknown."""
    score: str


class Homes:
    """Safe to share between threads. Methods raise Unavailable. ``now`` returns unix seconds."""

    def __init__(self, redis: Redis, now: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._now = now
        self._run = {name: Script(redis, LUA / f"{name}.lua") for name in ("claim", "done")}

    def opened(self, person: str, *, empty: bool) -> None:
        """Note that a person opened their Home; ``empty`` if Slack had nothing to show there."""
        key = keys.home(person)
        with translate_errors(writing=True), self._redis.pipeline() as pipeline:
            pipeline.hset(key, "opened_at", f"{self._now():.3f}")
            if empty:
                pipeline.hdel(key, "digest", "hash")
            pipeline.expire(key, keys.HOME_TTL_S)
            pipeline.zadd(keys.HOMES, {person: 0})
            pipeline.execute()

    def changed(self, person: str) -> None:
        """Publish a person's Home soon, if it is kept fresh: they have just done something."""
        with translate_errors(writing=True):
            self._redis.zadd(keys.HOMES, {person: 0}, xx=True)

    def claim(self) -> HomeClaim | None:
        """Claim the next Home that is due; None if no Home is due."""
        with translate_errors():
            claimed = self._run["claim"]([keys.HOMES], [f"{CLAIM_S * 1000:.0f}"])
            if not claimed:
                return None
            person, score = claimed
            stored: Any = self._redis.hgetall(keys.home(person))
        opened_at, digest, shown = (stored.get(name, "") for name in ("opened_at", "digest", "hash"))
        return HomeClaim(person, float(opened_at or 0), digest, shown, score)

    def done(self, claim: HomeClaim, again_s: float | None, *, digest: str, shown: str) -> None:
        """End an attempt. The Home is due again in this many seconds; None: not before it is opened again."""
        places = [keys.HOMES, keys.home(claim.person)]
        again = "" if again_s is None else f"{again_s * 1000:.0f}"
        with translate_errors(writing=True):
            self._run["done"](places, [claim.person, claim.score, again, digest, shown])

    def may_call(self) -> bool:
        """Count a call of views.publish; return False if there were enough of them in this minute."""
        key = keys.home_calls(int(self._now() // 60))
        with translate_errors(writing=True), self._redis.pipeline() as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, 120)
            return bool(pipeline.execute()[0] <= MAX_CALLS_A_MINUTE)
