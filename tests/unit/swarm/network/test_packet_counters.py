"""What shared packet counters can show, and what they cannot."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import EngineError
from bot.model import Counters, ProbedRoute, Reach, Route, Transport
from bot.swarm.network import packet_counters
from bot.swarm.network.packet_counters import MAX_PACKETS, MIN_PACKETS, CounterProbe, packets_needed, verdict_of

SOURCES = ("host-1", "host-2", "host-3")
ROUTES = [Route(source, "host-9", "10.0.0.9", port, "udp") for port in (7946, 4789) for source in SOURCES]
QUICK: Final[dict[str, Any]] = {"ARRIVAL_TIMEOUT_S": 0.02, "BASELINE_S": 0.002, "POLL_INTERVAL_S": 0.001}
"""The times of these tests, whose packets arrive at once."""


class Wire:
    """Hosts that send to one target; packets that are not blocked move its counter."""

    def __init__(self, blocked: frozenset[Route], *, dumb: str = "", lost: int = 0) -> None:
        self.came = 1000
        self.late = 0
        self.blocked = blocked
        self.dumb = dumb
        self.lost = lost
        self.reading_s = 0.0

    def count(self) -> int:
        """Return the counter as it was when a slow host began to read it."""
        came = self.came
        self.came, self.late = self.came + self.late, 0
        time.sleep(self.reading_s)
        return came

    def sender(self, name: str) -> Sender:
        """Return the prober of one host."""
        return Sender(self, name)


class Sender:
    """See bot.model.Prober."""

    round_trip_s = 0.0

    def __init__(self, wire: Wire, name: str) -> None:
        self.wire = wire
        self.name = name

    def counters(self) -> Counters:
        """Not used: only the target counts."""
        raise AssertionError("only the target counts")

    def connect(self, endpoints: Sequence[tuple[str, int]]) -> list[Reach]:
        """Not used."""
        raise AssertionError(f"only the target counts, and {endpoints} is not reached from it")

    def send(self, transport: Transport, address: str, port: int, number: int) -> None:
        """Move the counter unless the route is blocked."""
        if self.name == self.wire.dumb:
            raise EngineError(self.name, 0, f"`{self.name}` has no bash.")
        if Route(self.name, "host-9", address, port, transport) not in self.wire.blocked:
            self.wire.came += number - self.wire.lost


def settled(
    wire: Wire, routes: Sequence[Route] = ROUTES, *, seconds: float = 60.0, unread: bool = False
) -> dict[Route, ProbedRoute]:
    """Return the results for ``routes``."""
    probers = {name: wire.sender(name) for name in SOURCES}
    with ThreadPoolExecutor(8) as pool, patch.multiple(packet_counters, **QUICK):
        counting = CounterProbe(wire.count, probers, pool, time.monotonic() + seconds, unread=lambda: unread)
        return {probed.route: probed for probed in counting.settle(routes)}


@pytest.mark.parametrize("blocked", [ROUTES[:0], ROUTES[:3], ROUTES[4:5], ROUTES[::2], ROUTES])
def test_one_counter_tells_all_routes_apart(blocked: list[Route]) -> None:
    """No route is blocked, or one, every second, a whole port, or all."""
    found = settled(Wire(frozenset(blocked)))
    assert {route for route, probed in found.items() if probed.state == "blocked"} == set(blocked)
    assert {route for route, probed in found.items() if probed.state == "passed"} == set(ROUTES) - set(blocked)


def test_the_routes_of_a_failed_sender_are_untested() -> None:
    """They have its reason; the other routes are tested."""
    found = settled(Wire(frozenset(ROUTES[:1]), dumb="host-3"))
    assert {probed.why for probed in found.values() if probed.state == "untested"} == {"`host-3` has no bash."}
    assert found[ROUTES[0]].state == "blocked"
    assert found[ROUTES[1]].state == "passed"


def test_a_lossy_route_is_untested() -> None:
    """A route that loses many packets is called neither open nor blocked."""
    [probed] = settled(Wire(frozenset(), lost=MIN_PACKETS // 2), ROUTES[:1]).values()
    assert probed.state == "untested"


def test_datagrams_that_the_target_has_not_read_are_not_called_blocked() -> None:
    """A busy process reads them late, and some kernels count them then."""
    [probed] = settled(Wire(frozenset(ROUTES[:1])), ROUTES[:1], unread=True).values()
    assert (probed.state, probed.why) == ("untested", "`host-9` does not read its datagrams")


def test_a_late_reading_counts_only_if_it_began_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packets arrive during the first reading, which lasts until the time for arrivals is over."""
    wire = Wire(frozenset())
    wire.reading_s = 2 * QUICK["ARRIVAL_TIMEOUT_S"]

    def delayed(_: Sender, __: Transport, ___: str, ____: int, number: int) -> None:
        wire.late = number

    monkeypatch.setattr(Sender, "send", delayed)
    [probed] = settled(wire, ROUTES[:1]).values()
    assert probed.state == "passed"


def test_after_the_time_limit_routes_are_untested() -> None:
    """Their reason says so."""
    found = settled(Wire(frozenset()), seconds=0.0)
    assert {probed.why for probed in found.values()} == {"time limit reached"}


@given(blocked=st.integers(1, 12), passed=st.integers(0, 12), stir=st.integers(0, MIN_PACKETS // 4 - 1))
def test_a_blocked_route_is_never_called_open(blocked: int, passed: int, stir: int) -> None:
    """If other packets are fewer than a quarter of those of one route."""
    sent = MIN_PACKETS * (blocked + passed)
    assert verdict_of(MIN_PACKETS * passed + stir, sent, MIN_PACKETS) != "all"


@given(routes=st.integers(1, 12), lost=st.integers(0, MIN_PACKETS // 4 - 1))
def test_open_routes_are_never_called_blocked(routes: int, lost: int) -> None:
    """If fewer than a quarter of the packets of one route are lost."""
    assert verdict_of(MIN_PACKETS * routes - lost, MIN_PACKETS * routes, MIN_PACKETS) == "all"


def test_more_traffic_needs_more_packets() -> None:
    """A quiet host needs 20 for each route, a busy host more; on a flooded host no number is enough."""
    assert [packets_needed(rate) for rate in (0.0, 30.0, 100.0, 500.0, 10_000.0)] == [
        MIN_PACKETS,
        MIN_PACKETS,
        4 * MIN_PACKETS,
        MAX_PACKETS,
        0,
    ]
