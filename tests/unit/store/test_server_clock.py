"""Redis' clock is asked once a second at most, and followed in between."""

from __future__ import annotations

from redis import Redis

from bot.secrets.secret import Secret
from bot.store.client import connect
from bot.store.server_clock import ServerClock


def _asked(client: Redis) -> int:
    stats = client.info("commandstats")
    return int(stats.get("cmdstat_time", {"calls": 0})["calls"])


def test_it_is_read_again_after_a_second(redis_url: str) -> None:
    """In between, this machine's clock continues from what was read."""
    passed = 0.0
    with connect(Secret(redis_url)) as client:
        client.config_resetstat()
        clock = ServerClock(client, lambda: passed)
        first = clock.now_ms()
        seconds, _ = client.time()
        assert abs(first / 1000 - seconds) < 5
        asked = _asked(client)
        passed = 0.9
        assert clock.now_ms() - first in {899, 900, 901}
        assert _asked(client) == asked
        passed = 1000.0
        assert clock.now_ms() - first < 900_000, "what Redis says now, where little time has passed"
        assert _asked(client) == asked + 1
