"""The history of a cluster on a real Redis: one sample for each slot, from the leader alone, and not for ever."""

from __future__ import annotations

import time

import pytest
from redis import Redis

from bot.model.history import KEPT_S, MAX_SAMPLES, SAMPLE_S, Counts, Range, Sample
from bot.store import keys
from bot.store.leader_lease import LeadershipLost
from bot.watch.history import WatchHistory
from bot.watch.samples import slot_of
from tests.kits.watch_lease import led

NOW = slot_of(time.time())
NONE = Range(0, 0, 0)


@pytest.fixture
def history(client: Redis) -> WatchHistory:
    """Nothing is recorded."""
    return WatchHistory(client)


def sample(at: int = NOW, nodes: int = 3) -> Sample:
    """Return the sample of a reading of this many nodes, all ready."""
    only = Range(nodes, nodes, nodes)
    return Sample(at, NONE, Counts(only, only, NONE, NONE, only, only, only))


def test_it_is_kept_as_it_was_recorded(client: Redis, history: WatchHistory) -> None:
    """In the order of time; a cluster has its own."""
    assert history.history("prod").samples == ()
    assert not history.history("prod").watched
    lease, unread = led(client), Sample(NOW - SAMPLE_S, Range(1, 2, 1), None)
    for each in (sample(), unread, sample(NOW - 5 * SAMPLE_S, nodes=5000)):
        history.record(lease, "prod", each)
    assert history.history("prod").samples == (sample(NOW - 5 * SAMPLE_S, nodes=5000), unread, sample())
    assert history.history("prod").watched
    assert history.sample("prod", NOW - SAMPLE_S) == unread
    assert history.sample("prod", NOW - 2 * SAMPLE_S) is None
    assert history.history("lab").samples == ()
    assert 0 < client.ttl(keys.watch_history("prod")) <= KEPT_S


def test_a_slot_has_one_sample(client: Redis, history: WatchHistory) -> None:
    """A later one takes the place of the one before, also if it is the same."""
    lease = led(client)
    for nodes in (3, 2, 2):
        history.record(lease, "prod", sample(nodes=nodes))
    assert history.history("prod").samples == (sample(nodes=2),)


def test_whatever_an_old_leader_records_is_void(client: Redis, history: WatchHistory) -> None:
    """The sample of the new leader stays."""
    old = led(client)
    client.delete(keys.watch_lease("prod"))
    history.record(led(client, "two"), "prod", sample(nodes=2))
    for at in (NOW, NOW - SAMPLE_S):
        with pytest.raises(LeadershipLost):
            history.record(old, "prod", sample(at, nodes=1))
    assert history.history("prod").samples == (sample(nodes=2),)


def test_it_is_bounded_by_age_and_by_count(client: Redis, history: WatchHistory) -> None:
    """Age is measured by the clock of Redis: a process whose clock is ahead deletes nothing but the oldest sample."""
    lease, key = led(client), keys.watch_history("prod")
    old, kept, ahead = NOW - KEPT_S - SAMPLE_S, NOW - KEPT_S // 2, NOW + 30 * KEPT_S
    for at in (old, kept, ahead):
        history.record(lease, "prod", sample(at))
    assert [each.at for each in history.history("prod").samples] == [kept, ahead]
    client.zadd(key, {str(number): NOW + number for number in range(1, MAX_SAMPLES + 20)})
    history.record(lease, "prod", sample())
    assert client.zcard(key) == MAX_SAMPLES
    assert history.sample("prod", ahead)


def test_a_sample_of_another_version_is_a_gap(client: Redis, history: WatchHistory) -> None:
    """What cannot be read is not known."""
    history.record(led(client), "prod", sample())
    client.zadd(keys.watch_history("prod"), {'{"nodes": 3}': NOW - SAMPLE_S, "[1, 2": NOW - 2 * SAMPLE_S})
    assert history.history("prod").samples == (sample(),)
