"""Test routes between hosts, in parallel and within a time limit."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.errors import SwarmbotError
from bot.model import Engines, ProbedRoute, Prober, Reach, Route, Transport
from bot.model.network import RouteState
from bot.swarm.network.packet_counters import CounterProbe

PROBER_TIMEOUT_S: Final = 1.5
"""The time within which the shells must be open; a slower host is skipped."""
MAX_THREADS: Final = 32
_COUNTER_LOCKS: Final[defaultdict[tuple[str, Transport], threading.Lock]] = defaultdict(threading.Lock)
"""A host has one set of counters: the checks of this process use it one after the other."""
REFUSED: Final = "connection refused"


def probe_routes(
    engines: Engines, routes: Sequence[Route], deadline: float, unreachable: Mapping[str, str] = MappingProxyType({})
) -> tuple[ProbedRoute, ...]:
    """Return the result for each of ``routes``, in their order. Raise nothing for a dead host.

    ``unreachable`` are hosts that did not respond just now, with the reason in words: they are not asked again. No new
    test starts after ``deadline`` (monotonic clock); running tests end within 0.8 s.

    A TCP connection shows whether the target answers. A refused connection is examined: it was refused by the target's
    kernel, which counts refusals, or by a firewall. Datagrams are counted at the target.
    """
    if not routes:
        return ()
    lanes = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="lane")
    pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="probe")
    try:
        trial = _Trial(engines, lanes, pool, deadline, unreachable)
        with trial.opened({name for route in routes for name in (route.source, route.target)}):
            seen = trial.run(routes)
    finally:
        lanes.shutdown(wait=False, cancel_futures=True)
        pool.shutdown(wait=False, cancel_futures=True)
    return tuple(seen[route] for route in routes)


class _Trial:
    def __init__(
        self, engines: Engines, lanes: Executor, pool: Executor, deadline: float, unreachable: Mapping[str, str]
    ) -> None:
        self._engines = engines
        self._lanes = lanes
        self._pool = pool
        self._deadline = deadline
        self._probers: dict[str, Prober] = {}
        self._closed = dict(unreachable)

    def opened(self, names: Iterable[str]) -> ExitStack:
        """Open a shell on each host; remember why a host has none."""
        stack = ExitStack()
        known = set(self._engines.names())
        self._closed |= {name: f"`{name}` is not in swarmbot.yml" for name in names if name not in known}
        asked = [name for name in names if name not in self._closed]
        opening = {self._pool.submit(_open, self._engines, name): name for name in asked}
        done, late = wait(opening, timeout=PROBER_TIMEOUT_S)
        for future in done:
            try:
                manager, prober = future.result()
            except SwarmbotError as error:
                self._closed[opening[future]] = error.happened
                continue
            self._probers[opening[future]] = prober
            stack.push(manager)
        for future in late:
            self._closed[opening[future]] = f"`{opening[future]}` did not respond within {PROBER_TIMEOUT_S:g} s"
            future.add_done_callback(_close)
        return stack

    def run(self, routes: Sequence[Route]) -> dict[Route, ProbedRoute]:
        """Test datagrams and connections in parallel; then count the refused connections at their targets."""
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
        return [probed for group, tried in tries for probed in _met(group, tried)]

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

        turn = _COUNTER_LOCKS[target, transport]
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


def _open(engines: Engines, name: str) -> tuple[AbstractContextManager[Prober], Prober]:
    manager = engines[name].prober()
    return manager, manager.__enter__()


def _close(opening: Future[tuple[AbstractContextManager[Prober], Prober]]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[0].__exit__(None, None, None)
