"""Test routes between hosts, in parallel and within a time limit."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.errors import SwarmbotError
from bot.model import Engines, ProbedRoute, Prober, Reach, Route, Transport
from bot.model.network import RouteState
from bot.swarm.network.packet_counters import COUNTER_LOCKS, CounterProbe
from bot.swarm.network.probe_round import Examined, proven_routes

PROBER_TIMEOUT_S: Final = 1.5
"""The time within which the shell of a host must be up that has not responded yet; a slower host is skipped."""
SLOW_PROBER_TIMEOUT_S: Final = 15.0
"""The time within which the shell of a host that has responded must be up: its login shell may be slow."""
EXTRA_ROUND_TRIPS: Final = 20
"""How many round trips of the slowest host are added to the time for tests."""
MAX_EXTRA_S: Final = 10.0
ATTEMPTS: Final = 3
MORE_TIME_S: Final = 12.0
"""No other attempt begins after this time."""
MAX_THREADS: Final = 32
REFUSED: Final = "connection refused"


def probe_routes(
    engines: Engines,
    routes: Sequence[Route],
    time_s: float,
    unreachable: Mapping[str, str] = MappingProxyType({}),
    responding: Collection[str] = (),
    *,
    again: bool = False,
    examined: Mapping[str, Examined] = MappingProxyType({}),
) -> tuple[ProbedRoute, ...]:
    """Return the result for each of ``routes``, in their order. Raise nothing for a dead host.

    Between hosts that are ``examined`` one round is tried first. What it does not prove to be open is tested further.

    ``unreachable`` are hosts that did not respond just now, with the reason in words: they are not asked again.
    ``responding`` are hosts that did: their shells may take long to start. Once these are up, no new test starts after
    ``time_s`` seconds, and some more if a host is slow; running tests end within 0.8 s. With ``again``, untested routes
    between two hosts with running shells are tested again.

    A TCP connection shows whether the target answers; no answer is a verdict if the target's shell is up. A refused
    connection is examined: it was refused by the target's kernel, which counts refusals, or by a firewall. Datagrams
    are counted at the target.
    """
    if not routes:
        return ()
    lanes = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="lane")
    pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="probe")
    try:
        began = time.monotonic()
        seen = proven_routes(engines, routes, examined, pool)
        time_s = max(time_s / 2, time_s - (time.monotonic() - began))
        if rest := [route for route in routes if route not in seen]:
            trial = _Trial(engines, lanes, pool, unreachable)
            trial.open({name for route in rest for name in (route.source, route.target)}, responding)
            latest = time.monotonic() + MORE_TIME_S
            for _ in range(ATTEMPTS if again else 1):
                seen |= trial.run(rest, time_s)
                rest = [route for route in rest if seen[route].state == "untested" and trial.can_test(route)]
                if not rest or time.monotonic() > latest:
                    break
    finally:
        lanes.shutdown(wait=False, cancel_futures=True)
        pool.shutdown(wait=False, cancel_futures=True)
    return tuple(seen[route] for route in routes)


class _Trial:
    def __init__(self, engines: Engines, lanes: Executor, pool: Executor, unreachable: Mapping[str, str]) -> None:
        self._engines = engines
        self._lanes = lanes
        self._pool = pool
        self._deadline = 0.0
        self._probers: dict[str, Prober] = {}
        self._closed = dict(unreachable)

    def open(self, names: Iterable[str], responding: Collection[str]) -> None:
        """Start a prober on each host; remember why a host has none."""
        known = set(self._engines.names())
        self._closed |= {name: f"`{name}` is not in swarmbot.yml" for name in names if name not in known}
        opening = {name: self._pool.submit(self._engines[name].prober) for name in names if name not in self._closed}
        began = time.monotonic()
        wait([future for name, future in opening.items() if name in responding], timeout=SLOW_PROBER_TIMEOUT_S)
        wait(opening.values(), timeout=max(0.0, began + PROBER_TIMEOUT_S - time.monotonic()))
        for name, future in opening.items():
            timeout_s = SLOW_PROBER_TIMEOUT_S if name in responding else PROBER_TIMEOUT_S
            try:
                self._probers[name] = future.result(0)
            except SwarmbotError as error:
                self._closed[name] = error.happened
            except TimeoutError:
                self._closed[name] = f"`{name}` did not respond within {timeout_s:g} s"

    def can_test(self, route: Route) -> bool:
        """Return whether the shells of both hosts are up."""
        return route.source in self._probers and route.target in self._probers

    def run(self, routes: Sequence[Route], time_s: float) -> dict[Route, ProbedRoute]:
        """Test datagrams and connections in parallel; then count the refused connections at their targets."""
        slowest_s = max((prober.round_trip_s for prober in self._probers.values()), default=0.0)
        self._deadline = time.monotonic() + time_s + min(MAX_EXTRA_S, EXTRA_ROUND_TRIPS * slowest_s)
        able = [route for route in routes if route.source in self._probers]
        seen = {
            route: ProbedRoute(route, "untested", self._closed[route.source]) for route in routes if route not in able
        }
        counting = [self._lanes.submit(self._count, group) for group in _groups(able, "udp")]
        met = self._connected([route for route in able if route.transport == "tcp"])
        seen |= {probed.route: probed for probed in met}
        refused = [probed.route for probed in met if probed.refused]
        counting += [self._lanes.submit(self._count, group) for group in _groups(refused, "tcp")]
        for lane in counting:
            seen |= {probed.route: probed for probed in lane.result()}
        return seen

    def _connected(self, routes: Sequence[Route]) -> list[ProbedRoute]:
        by_source: dict[str, list[Route]] = {}
        for route in routes:
            by_source.setdefault(route.source, []).append(route)
        tries = [
            (group, self._pool.submit(self._probers[source].connect, [(route.address, route.port) for route in group]))
            for source, group in by_source.items()
        ]
        return [self._doubted(probed) for group, tried in tries for probed in _met(group, tried)]

    def _doubted(self, probed: ProbedRoute) -> ProbedRoute:
        """Return no verdict about a target that does not respond to Swarmbot either: the machine may be off."""
        target = probed.route.target
        if not probed.blocked or target in self._probers:
            return probed
        return replace(probed, state="untested", why=f"{probed.why}, and {self._closed[target].rstrip('.')}")

    def _count(self, routes: Sequence[Route]) -> list[ProbedRoute]:
        counted = self._counted(routes)
        return [_refusal(probed) for probed in counted] if routes[0].transport == "tcp" else counted

    def _counted(self, routes: Sequence[Route]) -> list[ProbedRoute]:
        target, transport = routes[0].target, routes[0].transport
        prober = self._probers.get(target)
        if prober is None:
            return [ProbedRoute(route, "untested", self._closed[target]) for route in routes]

        def count() -> int:
            counters = prober.counters()
            return counters.datagrams if transport == "udp" else counters.resets

        turn = COUNTER_LOCKS[target, transport]
        if not turn.acquire(timeout=max(0.0, self._deadline - time.monotonic())):
            return [ProbedRoute(route, "untested", "another check was testing this host") for route in routes]
        try:
            return CounterProbe(
                count,
                self._probers,
                self._pool,
                self._deadline,
                unread=lambda: transport == "udp" and prober.counters().unread,
            ).settle(routes)
        except SwarmbotError as error:
            return [ProbedRoute(route, "untested", error.happened) for route in routes]
        finally:
            turn.release()


def _met(routes: Sequence[Route], tried: Future[list[Reach]]) -> list[ProbedRoute]:
    try:
        met = tried.result()
    except SwarmbotError as error:
        return [ProbedRoute(route, "untested", error.happened) for route in routes]
    states: dict[Reach, RouteState] = {
        "open": "open",
        "refused": "untested",
        "no answer": "blocked",
        "unknown": "untested",
    }
    slow = f"`{routes[0].source}` was too slow to test it"
    whys: dict[Reach, str] = {"open": "", "refused": REFUSED, "no answer": "no answer", "unknown": slow}
    return [
        ProbedRoute(route, states[reach], whys[reach], refused=reach == "refused")
        for route, reach in zip(routes, met, strict=True)
    ]


def _refusal(probed: ProbedRoute) -> ProbedRoute:
    """Return who refused a connection: a firewall, if the target's kernel did not count the refusal."""
    whys: dict[RouteState, str] = {
        "blocked": "refused by a firewall",
        "untested": f"{REFUSED} by the host or by a firewall: {probed.why}",
    }
    return replace(probed, why=whys.get(probed.state, probed.why), refused=True)


def _groups(routes: Iterable[Route], transport: Transport) -> list[list[Route]]:
    """Return the routes of one transport, grouped by target and sorted by port."""
    groups: dict[str, list[Route]] = {}
    for route in sorted(routes, key=lambda route: route.port):
        if route.transport == transport:
            groups.setdefault(route.target, []).append(route)
    return [*groups.values()]
