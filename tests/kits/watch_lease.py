"""The lease of a process that watches prod, and what nobody said: for tests that store a turn as watch does."""

from __future__ import annotations

from typing import Final

from redis import Redis

from bot.store import keys
from bot.store.leader_lease import LeaderLease, LeaderLeases
from bot.watch.repository import Said

NOTHING_SAID: Final = Said((), (), ())


def led(client: Redis, name: str = "one") -> LeaderLease:
    """Return the lease of the process with this name. It must be free."""
    lease = LeaderLeases(client, name).acquire(keys.watch_lease("prod"), 60.0)
    assert lease is not None
    return lease
