"""Slack's rate limits: a token bucket for each method, for chat.postMessage one for each channel."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

CALLS_PER_MINUTE: Final = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls per minute by tier. Slack documents them as minimums; here they are exact."""

METHOD_TIERS: Final = {
    "usergroups.list": 2,
    "usergroups.users.list": 2,
    "apps.connections.open": 1,
    "chat.delete": 3,
    "chat.update": 3,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.open": 3,
    "files.delete": 3,
}
"""All other methods are in tier 4."""

BURST_SIZES: Final = {"apps.connections.open": 20}
"""The default burst is the number of calls per minute. Ten connections can be opened at once, and then again."""

POST_BURST_SIZE: Final = 4
"""chat.postMessage accepts one message per second and channel, and a burst of this many."""


@dataclass
class _Bucket:
    capacity: float
    per_second: float
    tokens: float
    at: float

    def take(self, now: float) -> int:
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.per_second)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0
        return math.ceil((1 - self.tokens) / self.per_second)


@dataclass
class RateLimits:
    """Counts calls; ``enabled`` false accepts all."""

    enabled: bool = True
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def retry_after(self, method: str, channel: str, now: float) -> int:
        """Count a call at ``now``; return 0, or the seconds until the next call is accepted."""
        if not self.enabled:
            return 0
        per_channel = method == "chat.postMessage"
        key = (method, channel if per_channel else "")
        if key not in self._buckets:
            minute = CALLS_PER_MINUTE[METHOD_TIERS.get(method, 4)]
            burst = POST_BURST_SIZE if per_channel else BURST_SIZES.get(method, minute)
            self._buckets[key] = _Bucket(burst, 1.0 if per_channel else minute / 60, burst, now)
        return self._buckets[key].take(now)
