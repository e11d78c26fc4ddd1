"""A round proves that routes are open, and nothing else: after any failure, its routes are left to further tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import EngineError
from bot.model import Counters, Engines, Examination, Probe, ProbedRoute, RoundReport, Route, SentProbe, Transport
from bot.swarm.network import probe_round
from bot.swarm.network.packet_counters import COUNTER_LOCKS
from bot.swarm.network.probe_round import MAX_ROUND_S, Examined, packets_for, proven_routes, round_timeout
from bot.swarm.network.probe_routes import probe_routes

HOSTS = ("host-1", "host-2", "host-3")
PORTS: tuple[tuple[int, Transport], ...] = ((2377, "tcp"), (7946, "tcp"), (7946, "udp"), (4789, "udp"))
ROUTES = [
    Route(source, target, target, port, transport)
    for source in HOSTS
    for target in HOSTS
    if source != target
    for port, transport in PORTS
]


@dataclass
class Wire:
    """Hosts whose address is their name. host-1 accepts connections, the others refuse them."""

    blocked: frozenset[Route] = frozenset()
    noise: int = 0
    """How many packets of others each host counts during the round."""
    lasts_s: float = 0.1
    late: frozenset[str] = frozenset()
    """Hosts that fail in the round."""
    came: Counter[tuple[str, Transport]] = field(default_factory=Counter)
    reported: list[str] = field(default_factory=list)

    def names(self) -> tuple[str, ...]:
        """All hosts."""
        return HOSTS

    def __getitem__(self, name: str) -> Any:
        return Mock(probe_round=lambda probes, until, timeout_s: self.round(name, probes, until, timeout_s))

    def round(self, name: str, probes: Sequence[Probe], until: Counters, timeout_s: float) -> RoundReport:
        """Send; what is not blocked moves the counters of the target. Its report is made when all have sent."""
        assert until.datagrams > 0
        assert 0 < timeout_s <= MAX_ROUND_S
        if name in self.late:
            raise EngineError(name, 0, f"`{name}` could not probe.")
        ends = [self._sent(name, probe) for probe in probes]
        self.reported.append(name)
        later = cast("Counters", _Later(self, name))
        return RoundReport(tuple(ends), {"udp": later, "tcp": later})

    def _sent(self, name: str, probe: Probe) -> SentProbe:
        route = Route(name, probe.address, probe.address, probe.port, probe.transport)
        if route in self.blocked:
            return SentProbe("sent", probe.number) if probe.transport == "udp" else SentProbe("unknown")
        if probe.transport == "tcp" and probe.address == "host-1":
            return SentProbe("accepted", 0)
        self.came[probe.address, probe.transport] += probe.number
        return SentProbe("sent" if probe.transport == "udp" else "refused", probe.number)


class _Later:
    """The counters of a host at the end of the round."""

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire, self._name = wire, name

    @property
    def datagrams(self) -> int:
        return 100 + self._wire.came[self._name, "udp"] + self._wire.noise

    @property
    def resets(self) -> int:
        return 7 + self._wire.came[self._name, "tcp"] + self._wire.noise

    @property
    def uptime_s(self) -> float:
        return 50.0 + self._wire.lasts_s


def examination(*, others: int = 0, seconds: float = 0.05) -> Examination:
    """Return one of a host that counted ``others`` in its 50 ms."""
    return Examination((), Counters(100 - others, 7 - others, uptime_s=49.94), Counters(100, 7, uptime_s=50.0), seconds)


EXAMINED = {name: Examined(examination(), listens=name == "host-1") for name in HOSTS}


def proven(wire: Wire, examined: dict[str, Examined] = EXAMINED) -> dict[Route, ProbedRoute]:
    """Return what a round proves."""
    with ThreadPoolExecutor(4) as pool:
        return proven_routes(cast("Engines", wire), ROUTES, examined, pool)


def test_one_round_proves_all_routes() -> None:
    """Each host is asked once. A process answered at host-1; the others' kernels counted."""
    wire = Wire()
    found = proven(wire)
    assert sorted(wire.reported) == [*HOSTS]
    assert found.keys() == {*ROUTES}
    states = {route: "open" if (route.target, route.transport) == ("host-1", "tcp") else "passed" for route in ROUTES}
    assert {route: probed.state for route, probed in found.items()} == states


@given(blocked=st.sets(st.sampled_from(ROUTES), min_size=1), noise=st.integers(0, 5))
def test_a_blocked_route_is_never_proven(blocked: set[Route], noise: int) -> None:
    """Nor is anything called blocked by a round; a few packets of others change nothing."""
    found = proven(Wire(frozenset(blocked), noise=noise))
    assert blocked.isdisjoint(found)
    assert {probed.state for probed in found.values()} <= {"open", "passed"}


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_packets_of_others_do_not_stand_for_those_of_a_blocked_route(transport: Transport) -> None:
    """If a round is so slow that as many may have come, it proves nothing of that counter."""
    blocked = next(route for route in ROUTES if (route.target, route.transport) == ("host-2", transport))
    for noise in range(0, 200, 5):
        assert blocked not in proven(Wire(frozenset({blocked}), noise=noise, lasts_s=noise / 100))


def test_routes_of_a_host_that_fails_are_left_to_further_tests() -> None:
    """And those to the hosts that it sends to: how much it sent is not known."""
    found = proven(Wire(late=frozenset({"host-3"})))
    assert {route.transport for route in found} == {"tcp"}
    assert {(route.source, route.target) for route in found} == {("host-2", "host-1")}


def test_a_host_that_was_not_examined_takes_no_part() -> None:
    """It may be off."""
    found = proven(Wire(), {name: EXAMINED[name] for name in HOSTS[:2]})
    assert {frozenset({route.source, route.target}) for route in found} == {frozenset({"host-1", "host-2"})}


def test_a_host_with_much_traffic_is_left_to_further_tests() -> None:
    """Its packets cannot be distinguished from others; it sends to the other hosts."""
    busy = {**EXAMINED, "host-2": Examined(examination(others=90), listens=False)}
    assert {route.target for route in proven(Wire(), busy)} == {"host-1", "host-3"}


def test_counters_that_another_check_uses_are_left_to_further_tests() -> None:
    """Its packets would be counted too."""
    with COUNTER_LOCKS["host-2", "udp"]:
        found = proven(Wire())
    assert {(route.target, route.transport) for route in ROUTES if route not in found} == {("host-2", "udp")}


def test_a_round_lasts_as_long_as_the_hosts_need() -> None:
    """In proportion to how long the slowest one took to be examined."""
    timeouts = [round_timeout({"host-1": Examined(examination(seconds=each), listens=False)}) for each in (0.0, 0.5, 9)]
    assert timeouts == [probe_round.ROUND_TIMEOUT_S, probe_round.ROUND_TIMEOUT_S + 2.0, MAX_ROUND_S]


def test_more_packets_of_others_need_more_of_ours() -> None:
    """By what was counted in the 50 ms of the examination, and by how long it lasts."""
    quiet, busy = examination(), examination(others=4)
    assert [packets_for(quiet, "udp", each) for each in (0.1, 1.0)] == [20, 134]
    assert packets_for(busy, "tcp", 1.0) == 240


def test_what_a_round_does_not_prove_is_tested_further() -> None:
    """With the hosts' probers; the rest of the routes is not tested twice."""
    blocked = next(route for route in ROUTES if (route.target, route.transport) == ("host-1", "tcp"))
    sender = Mock(round_trip_s=0.0, connect=Mock(return_value=["no answer"]))
    wire = Wire(frozenset({blocked}))
    engines = {name: Mock(prober=Mock(return_value=sender), probe_round=wire[name].probe_round) for name in HOSTS}
    hosts = cast("Engines", _Engines(engines))
    found = {probed.route: probed for probed in probe_routes(hosts, ROUTES, 4.0, examined=EXAMINED)}
    assert [route for route, probed in found.items() if not probed.through] == [blocked]
    assert found[blocked] == ProbedRoute(blocked, "blocked", "no answer")
    sender.connect.assert_called_once_with([(blocked.address, blocked.port)])


class _Engines(dict[str, Any]):
    def names(self) -> tuple[str, ...]:
        return tuple(self)
