"""One process leads: a lease in Redis with a time-out, and a fence that grows with each new holder."""

from __future__ import annotations

import uuid
from pathlib import Path
from time import monotonic
from typing import Final

from redis import Redis

from bot.store import keys
from bot.store.client import translate_errors
from bot.store.scripts import Script

LUA: Final = Path(__file__).parent / "lua"


class LeadershipLost(Exception):
    """The lease expired, was released or has another holder.

    The process that gets this stops leading and writes nothing.
    """

    def __init__(self, key: str, fence: int) -> None:
        super().__init__(f"{key} no longer has the fence {fence}")


class LeaderLease:
    """A lease that this process holds, until it expires, is released or is lost.

    At most one holder has a lease at a time, by Redis' clock. A holder that was stopped for longer than the time-out
    does not notice by itself: it asks ``held`` before each effect, ``renew`` before effects that must not happen twice,
    and scripts that write for it compare ``fence`` (``lease_held`` in lua/lease_held.lua).
    Methods raise :class:`~bot.errors.Unavailable` if Redis does not respond.
    """

    fence: int
    """Greater than the fence of every earlier holder of any lease."""

    def __init__(self, leases: LeaderLeases, key: str, ttl_s: float, fence: int, expires: float) -> None:
        self.fence = fence
        self._leases = leases
        self._key = key
        self._ttl_s = ttl_s
        self._expires = expires

    @property
    def held(self) -> bool:
        """Whether the lease cannot have expired yet, as far as this process knows. Asks nothing of Redis."""
        return monotonic() < self._expires

    def renew(self) -> None:
        """Extend the lease to its whole time-out from now. Raise LeadershipLost if it is no longer this holder's.

        A lease that expired is lost even if nobody else took it. Call this at least three times per time-out.
        """
        asked_at = monotonic()
        with translate_errors():
            [word] = self._leases.renew_script([self._key], [str(self.fence), _ms(self._ttl_s)])
        if word == "lost":
            self._expires = float("-inf")
            raise LeadershipLost(self._key, self.fence)
        self._expires = asked_at + self._ttl_s

    def release(self) -> None:
        """Release the lease, so that the next process leads at once.

        Do nothing if the lease is no longer this holder's.
        """
        self._expires = float("-inf")
        with translate_errors():
            self._leases.release_script([self._key], [str(self.fence)])


class LeaderLeases:
    """Acquires leases in the name of one process. Safe to share between threads."""

    def __init__(self, redis: Redis, holder: str) -> None:
        self.renew_script = Script(redis, LUA / "lease_renew.lua")
        self.release_script = Script(redis, LUA / "lease_release.lua")
        self._acquire = Script(redis, LUA / "lease_acquire.lua")
        self._holder = holder

    def acquire(self, key: str, ttl_s: float) -> LeaderLease | None:
        """Return the lease ``key`` (of :mod:`bot.store.keys`), or None if any process holds it.

        A process that holds the lease already gets None too: it keeps its LeaderLease and renews that. The lease
        expires ``ttl_s`` seconds after the last call that extended it, whether or not its holder lives. Does not wait.
        Raise :class:`~bot.errors.Unavailable` if Redis does not respond; the lease may then be held by nobody until it
        expires.
        """
        asked_at = monotonic()
        with translate_errors():
            args = [self._holder, uuid.uuid4().hex, _ms(ttl_s)]
            word, reply = self._acquire([key, keys.LAST_FENCE], args)
        return LeaderLease(self, key, ttl_s, int(reply), asked_at + ttl_s) if word == "ok" else None


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"
