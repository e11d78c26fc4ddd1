"""Slack's rate limits: a bucket for each method (chat.postMessage: for each channel) of the workspace."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

TIERS: Final = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls a minute; Slack calls them the least that it promises, here they are exact."""

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
"""Every other method is in tier 4."""

BURSTS: Final = {"apps.connections.open": 20}
"""A tier's burst is its minute; ten connections may be opened at once, and opened anew."""

POST_BURST: Final = 4
"""chat.postMessage: one a second in each channel, and this many at once."""


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
    """Says when a method was called too often. ``enabled`` switches all of it."""

    enabled: bool = True
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def retry_after(self, method: str, channel: str, now: float) -> int:
        """Count a call at ``now``; return 0, or the whole seconds until another one is taken."""
        if not self.enabled:
            return 0
        per_channel = method == "chat.postMessage"
        key = (method, channel if per_channel else "")
        if key not in self._buckets:
            minute = TIERS[METHOD_TIERS.get(method, 4)]
            burst = POST_BURST if per_channel else BURSTS.get(method, minute)
            self._buckets[key] = _Bucket(burst, 1.0 if per_channel else minute / 60, burst, now)
        return self._buckets[key].take(now)
