"""A lease on a real Redis: one holder at a time, a fence that only grows, and a former holder that is told so."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from redis import Redis

from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from bot.store.leader_lease import LeaderLease, LeaderLeases, LeadershipLost
from tests.kits.examples import examples

KEY = "swarmbot:lease:test"
TTL_S = 60.0
EXAMPLES = examples(60)
STEPS = 40


@pytest.fixture
def one(client: Redis) -> LeaderLeases:
    """A process."""
    return LeaderLeases(client, "one")


@pytest.fixture
def two(client: Redis) -> LeaderLeases:
    """Another process."""
    return LeaderLeases(client, "two")


def acquired(leases: LeaderLeases, ttl_s: float = TTL_S) -> LeaderLease:
    """Acquire the lease, which must be free."""
    lease = leases.acquire(KEY, ttl_s)
    assert lease is not None
    return lease


def test_one_process_leads_until_it_releases(one: LeaderLeases, two: LeaderLeases) -> None:
    """Meanwhile nobody else does, the holder itself included; the next holder has a greater fence."""
    first = acquired(one)
    assert first.held
    assert two.acquire(KEY, TTL_S) is None
    assert one.acquire(KEY, TTL_S) is None
    first.release()
    assert not first.held
    assert acquired(two).fence > first.fence


def test_a_lease_expires(client: Redis, one: LeaderLeases, two: LeaderLeases) -> None:
    """A dead holder's lease is free after its time-out, and renewing extends it by the whole time-out."""
    lease = acquired(one)
    assert 0 < client.pttl(KEY) <= TTL_S * 1000
    client.pexpire(KEY, 50)
    lease.renew()
    assert client.pttl(KEY) > 1000
    client.pexpire(KEY, 1)
    time.sleep(0.01)  # Redis' clock cannot be set
    assert acquired(two).fence > lease.fence


def test_a_holder_without_redis_stops_leading_by_its_own_clock(one: LeaderLeases) -> None:
    """``held`` asks nothing of Redis: it ends with the time-out since the last call that succeeded."""
    lease = acquired(one, ttl_s=0.05)
    assert lease.held
    time.sleep(0.06)  # the time-out
    assert not lease.held


def test_a_former_holder_is_told_so(client: Redis, one: LeaderLeases, two: LeaderLeases) -> None:
    """Its renewal fails, and its release does not end the lease of its successor."""
    stale = acquired(one)
    client.delete(KEY)
    fresh = acquired(two)
    with pytest.raises(LeadershipLost):
        stale.renew()
    assert not stale.held
    stale.release()
    fresh.renew()
    assert one.acquire(KEY, TTL_S) is None


def test_an_expired_lease_is_not_renewed(client: Redis, one: LeaderLeases) -> None:
    """Even if nobody took it: somebody may have led, and released, in between."""
    lease = acquired(one)
    client.delete(KEY)
    with pytest.raises(LeadershipLost):
        lease.renew()


def test_a_retry_after_a_lost_reply_gets_the_same_lease(
    client: Redis, one: LeaderLeases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client sends the call again when the connection breaks; Redis may have carried out the first."""
    run = one._acquire
    monkeypatch.setattr(one, "_acquire", lambda *call: [run(*call), run(*call)][1])
    lease = acquired(one)
    assert client.hget(KEY, "fence") == str(lease.fence)


def test_fences_grow_after_redis_lost_its_data(client: Redis, one: LeaderLeases) -> None:
    """A counter alone would begin again: the fence is at least Redis' clock."""
    before = acquired(one).fence
    client.flushall()
    time.sleep(0.002)  # Redis' clock goes on by a millisecond
    assert acquired(one).fence > before


def test_of_many_at_once_one_leads(client: Redis) -> None:
    """Twenty processes ask at the same time."""
    found: list[LeaderLease | None] = []
    crowd = [LeaderLeases(client, str(number)) for number in range(20)]
    threads = [threading.Thread(target=lambda each=each: found.append(each.acquire(KEY, TTL_S))) for each in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 20
    assert sum(lease is not None for lease in found) == 1


class Leases(RuleBasedStateMachine):
    """Three processes acquire, renew and release two leases in any order, and leases expire at any time."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.client = connect(Secret(self.url))
        self.client.flushall()
        self.processes = [LeaderLeases(self.client, name) for name in ("one", "two", "three")]
        self.granted: list[tuple[str, LeaderLease]] = []
        self.holder: dict[str, LeaderLease] = {}

    @rule(process=st.integers(0, 2), key=st.sampled_from([KEY, f"{KEY}:other"]))
    def acquire(self, process: int, key: str) -> None:
        """Only a free lease is granted, with a fence above all before it."""
        lease = self.processes[process].acquire(key, TTL_S)
        assert (lease is None) == (key in self.holder)
        if lease:
            assert all(lease.fence > earlier.fence for _, earlier in self.granted)
            self.granted.append((key, lease))
            self.holder[key] = lease

    @precondition(lambda self: self.granted)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        """The holder renews; each former holder learns that it is one."""
        key, lease = data.draw(st.sampled_from(self.granted))
        if self.holder.get(key) is lease:
            lease.renew()
            assert lease.held
        else:
            with pytest.raises(LeadershipLost):
                lease.renew()
            assert not lease.held

    @precondition(lambda self: self.granted)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """A former holder's release ends nobody's lease."""
        key, lease = data.draw(st.sampled_from(self.granted))
        lease.release()
        assert not lease.held
        if self.holder.get(key) is lease:
            del self.holder[key]

    @precondition(lambda self: self.holder)
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        """Its time-out passes, for a crash, a stall or a cut."""
        key = data.draw(st.sampled_from(sorted(self.holder)))
        self.client.delete(key)
        del self.holder[key]

    @invariant()
    def no_fence_twice(self) -> None:
        """Redis knows the one holder, and no two leases ever granted have the same fence."""
        for key in (KEY, f"{KEY}:other"):
            holder = self.holder.get(key)
            assert self.client.hget(key, "fence") == (str(holder.fence) if holder else None)
        fences = [lease.fence for _, lease in self.granted]
        assert len(set(fences)) == len(fences)
        if fences:
            assert self.client.get(keys.LAST_FENCE) == str(max(fences))

    def teardown(self) -> None:
        """Close the connection."""
        self.client.close()


def test_never_two_holders(redis_url: str) -> None:
    """For any actions of processes in any order."""
    Leases.url = redis_url
    run_state_machine_as_test(
        Leases,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
