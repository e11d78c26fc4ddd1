"""What one round proves between real hosts, with blocked ports and on busy hosts, and what is tested after it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import product
from typing import Final

import pytest

from bot.engine.pool import ClusterEngines
from bot.model import ProbedRoute, Route, Transport
from bot.swarm.network.probe_round import Examined, proven_routes
from bot.swarm.network.probe_routes import probe_routes
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.engines import engines
from tests.kits.slow_hosts import busy

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(300)]
HOSTS: Final = ("host-1", "host-2", "host-3")
BOTH: Final = ("host-1", "host-3")
"""A member, and a host outside."""
PORTS: Final[tuple[tuple[int, Transport], ...]] = ((2377, "tcp"), (7946, "tcp"), (7946, "udp"), (4789, "udp"))


@contextmanager
def a_cluster(fleet: Fleet) -> Iterator[ClusterEngines]:
    """Yield the engines of three hosts; host-1 has initialised a swarm, so that it listens on 2377 and 7946."""
    with engines(fleet) as cluster:
        cluster["host-1"].init_swarm({"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": fleet["host-1"].address})
        yield cluster


def routes_of(fleet: Fleet) -> list[Route]:
    """Return every route between the hosts."""
    pairs = [(one, other) for one in HOSTS for other in HOSTS if one != other]
    return [Route(one, other, fleet[other].address, *port) for one, other in pairs for port in PORTS]


def examined(cluster: ClusterEngines) -> dict[str, Examined]:
    """Examine every host, side by side as facts are read."""
    with ThreadPoolExecutor(len(HOSTS)) as pool:
        found = dict(zip(HOSTS, pool.map(lambda name: cluster[name].examine(), HOSTS), strict=True))
    return {name: Examined(each, name == "host-1") for name, each in found.items()}


def proven(cluster: ClusterEngines, routes: list[Route]) -> dict[Route, ProbedRoute]:
    """Return what one round proves."""
    with ThreadPoolExecutor(8) as pool:
        return proven_routes(cluster, routes, examined(cluster), pool)


def test_one_round_proves_every_route(hosts: Fleet) -> None:
    """A busy machine may need another one."""
    with a_cluster(hosts) as cluster:
        routes = routes_of(hosts)
        until(lambda: proven(cluster, routes).keys() == {*routes}, "one round proves every route", timeout=60)


@pytest.mark.parametrize(
    ("load", "direction", "where"),
    [
        # Each load, direction and kind of host once: the other combinations are long.
        ("idle", "in", BOTH[1:]),
        ("busy", "out", BOTH[:1]),
        pytest.param("idle", "in", BOTH[:1], marks=pytest.mark.long),
        pytest.param("busy", "out", BOTH[1:], marks=pytest.mark.long),
        *(pytest.param(*each, BOTH, marks=pytest.mark.long) for each in (("idle", "out"), ("busy", "in"))),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_no_blocked_route_is_called_open_and_no_other_one_blocked(
    hosts: Fleet, load: str, direction: str, where: tuple[str, ...]
) -> None:
    """For each port in turn, at a member and at a host outside; on a busy machine a route may stay untested."""
    with a_cluster(hosts) as cluster, ExitStack() as stack:
        if load == "busy":
            for name in HOSTS:
                stack.enter_context(busy(hosts[name], 0.3))
        routes = routes_of(hosts)
        for name, (port, transport) in product(where, PORTS):
            hosts[name].block(port, transport, direction=direction)  # type: ignore[arg-type] # a Direction
            closed = {route for route in routes if (route.port, route.transport) == (port, transport)}
            closed = {route for route in closed if name == (route.target if direction == "in" else route.source)}
            assert not closed & proven(cluster, routes).keys()
            until(partial(_judged, cluster, routes, closed), "at least one of them is found", timeout=60)
            hosts[name].fix()


def _judged(cluster: ClusterEngines, routes: list[Route], closed: Collection[Route]) -> bool:
    """Return whether a blocked route was found. No untested one is called blocked, and no blocked one open."""
    found = probe_routes(cluster, routes, 4.0, responding=HOSTS, again=True, examined=examined(cluster))
    assert not [probed for probed in found if probed.through and probed.route in closed]
    assert not [probed for probed in found if probed.blocked and probed.route not in closed]
    return any(probed.blocked for probed in found)


def test_a_host_that_is_off_is_not_called_blocked(hosts: Fleet) -> None:
    """It was examined, and lost its power before the round: its routes are untested, the others proven or tested."""
    with a_cluster(hosts) as cluster:
        routes, seen = routes_of(hosts), examined(cluster)
        hosts["host-3"].power_off()
        found = probe_routes(cluster, routes, 4.0, examined=seen)
    assert not [probed for probed in found if probed.blocked]
    assert {probed.state for probed in found if "host-3" in {probed.route.source, probed.route.target}} == {"untested"}
