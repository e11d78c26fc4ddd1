"""What shared counters can tell, and what they cannot."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import EngineError
from bot.model import Counters, ProbedRoute, Reach, Route, Transport
from bot.swarm.network.packet_counters import MAX_PACKETS, MIN_PACKETS, CounterProbe, packets_needed, verdict_of

SOURCES = ("host-1", "host-2", "host-3")
WAYS = [Route(source, "host-9", "10.0.0.9", port, "udp") for port in (7946, 4789) for source in SOURCES]


class Wire:
    """Hosts that send to one target: what is not blocked moves its counter."""

    def __init__(self, blocked: frozenset[Route], *, dumb: str = "", lost: int = 0) -> None:
        self.came = 1000
        self.blocked = blocked
        self.dumb = dumb
        self.lost = lost

    def sender(self, name: str) -> Sender:
        """The prober of one host."""
        return Sender(self, name)


class Sender:
    """See bot.model.Prober."""

    def __init__(self, wire: Wire, name: str) -> None:
        self.wire = wire
        self.name = name

    def counters(self) -> Counters:
        """Nobody counts here but the target."""
        raise NotImplementedError

    def connect(self, endpoints: Sequence[tuple[str, int]]) -> list[Reach]:
        """Nobody connects here."""
        raise NotImplementedError

    def send(self, transport: Transport, address: str, port: int, number: int) -> None:
        """Move the counter, if nothing is in the way."""
        if self.name == self.wire.dumb:
            raise EngineError(self.name, 0, f"`{self.name}` has no bash.")
        if Route(self.name, "host-9", address, port, transport) not in self.wire.blocked:
            self.wire.came += number - self.wire.lost


def settled(wire: Wire, routes: Sequence[Route] = WAYS, *, seconds: float = 60.0) -> dict[Route, ProbedRoute]:
    """What is found of ``routes``."""
    probers = {name: wire.sender(name) for name in SOURCES}
    with ThreadPoolExecutor(8) as pool:
        counting = CounterProbe(lambda: wire.came, probers, pool, time.monotonic() + seconds)
        return {probed.route: probed for probed in counting.settle(routes)}


@pytest.mark.parametrize("blocked", [WAYS[:0], WAYS[:3], WAYS[4:5], WAYS[::2], WAYS])
def test_each_way_is_told_apart_by_one_counter(blocked: list[Route]) -> None:
    """None, one, every second, a whole port, all."""
    found = settled(Wire(frozenset(blocked)))
    assert {route for route, probed in found.items() if probed.standing == "blocked"} == set(blocked)
    assert {route for route, probed in found.items() if probed.standing == "passed"} == set(WAYS) - set(blocked)


def test_a_sender_that_cannot_send_blocks_nothing() -> None:
    """Its ways are not looked at, with its reason; the others are."""
    found = settled(Wire(frozenset(WAYS[:1]), dumb="host-3"))
    assert {probed.why for probed in found.values() if probed.standing == "not looked at"} == {"`host-3` has no bash."}
    assert found[WAYS[0]].standing == "blocked"
    assert found[WAYS[1]].standing == "passed"


def test_half_of_what_was_sent_is_neither() -> None:
    """A way that loses much is not called open, and not blocked."""
    [probed] = settled(Wire(frozenset(), lost=MIN_PACKETS // 2), WAYS[:1]).values()
    assert probed.standing == "not looked at"


def test_when_time_is_up_nothing_is_claimed() -> None:
    """What was not tried any more says so."""
    found = settled(Wire(frozenset()), seconds=0.0)
    assert {probed.why for probed in found.values()} == {"time limit reached"}


@given(blocked=st.integers(1, 12), passed=st.integers(0, 12), stir=st.integers(0, MIN_PACKETS // 4 - 1))
def test_a_blocked_way_is_never_taken_for_open(blocked: int, passed: int, stir: int) -> None:
    """As long as less than a quarter of one way's datagrams come from elsewhere."""
    sent = MIN_PACKETS * (blocked + passed)
    assert verdict_of(MIN_PACKETS * passed + stir, sent, MIN_PACKETS) != "all"


@given(routes=st.integers(1, 12), lost=st.integers(0, MIN_PACKETS // 4 - 1))
def test_open_ways_are_never_taken_for_blocked(routes: int, lost: int) -> None:
    """As long as less than a quarter of one way's datagrams are lost."""
    assert verdict_of(MIN_PACKETS * routes - lost, MIN_PACKETS * routes, MIN_PACKETS) == "all"


def test_against_much_traffic_more_is_sent_and_against_too_much_nothing() -> None:
    """Quiet: 20 a way; a busy host: more; a flooded one: it cannot be told."""
    assert [packets_needed(rate) for rate in (0.0, 30.0, 100.0, 500.0, 10_000.0)] == [
        MIN_PACKETS,
        MIN_PACKETS,
        4 * MIN_PACKETS,
        MAX_PACKETS,
        0,
    ]
