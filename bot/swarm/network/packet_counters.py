"""Test whether packets reach a host, by the packet counters of its kernel.

Nothing listens, opens or changes on the host. All ports and senders share the counters. So several routes are tested at
once, and split in halves as long as only a part arrives. The normal traffic of the host is measured first; on a busy
host more packets are sent, up to a limit beyond which no result is possible. Another check may send to the same host at
the same moment. So the number of packets is random, and too many packets are as suspicious as too few.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from secrets import randbelow
from typing import Final, Literal

from bot.errors import SwarmbotError
from bot.model import ProbedRoute, Prober, Route, Transport

MIN_PACKETS: Final = 20
MAX_PACKETS: Final = 320
"""Datagrams or connections for each route: the smallest number on a quiet host and on the busiest one."""
BASELINE_S: Final = 0.03
"""How long the normal traffic is counted."""
ARRIVAL_TIMEOUT_S: Final = 0.25
"""The time within which packets must arrive after the last one was sent."""
POLL_INTERVAL_S: Final = 0.01
COUNTER_LOCKS: Final[defaultdict[tuple[str, Transport], threading.Lock]] = defaultdict(threading.Lock)
"""A host has one set of counters: the checks of this process use it one after the other."""

Verdict = Literal["all", "none", "some"]


def verdict_of(came: float, sent: int, each: int) -> Verdict:
    """Return whether all, none or some of ``sent`` packets arrived; ``each`` is the number for one route.

    The tolerance is a quarter of ``each``. More packets than were sent count as ``some``: their sender is unknown.
    """
    if came < each / 4:
        return "none"
    return "all" if abs(came - sent) < each / 4 else "some"


def packets_needed(rate: float) -> int:
    """Return how many packets a route needs to be seen among ``rate`` others per second; 0 if no number is enough."""
    noise = rate * (ARRIVAL_TIMEOUT_S / 2)
    if noise < MIN_PACKETS / 4:
        return MIN_PACKETS
    return next((each for each in (4 * MIN_PACKETS, MAX_PACKETS) if noise < each / 4), 0)


class CounterProbe:
    """Tests routes to one target by one of its counters. Not thread-safe: rounds must follow each other."""

    def __init__(
        self,
        count: Callable[[], int],
        probers: Mapping[str, Prober],
        pool: Executor,
        deadline: float,
        *,
        unread: Callable[[], bool] = lambda: False,
    ) -> None:
        self._count = count
        self._unread = unread
        self._probers = probers
        self._pool = pool
        self._deadline = deadline
        self._rate = 0.0
        self._least = MIN_PACKETS
        self._failed: dict[str, str] = {}

    def settle(self, routes: Sequence[Route]) -> list[ProbedRoute]:
        """Return the result for each of ``routes``, which all lead to this target.

        Raise the errors of reading the counter.
        """
        before = self._count()
        started = time.monotonic()
        time.sleep(BASELINE_S)
        self._rate = (self._count() - before) / (time.monotonic() - started)
        self._least = packets_needed(self._rate)
        if not self._least:
            why = f"`{routes[0].target}` receives {self._rate:.0f} other packets per second"
            return [ProbedRoute(route, "untested", why) for route in routes]
        return self._halve(routes)

    def _halve(self, routes: Sequence[Route]) -> list[ProbedRoute]:
        verdict = self._round(routes)
        if verdict == "none" or (verdict == "some" and len(routes) == 1):
            verdict = self._round(routes)
        sound = [route for route in routes if route.source not in self._failed]
        if len(sound) < len(routes):
            failed = [
                ProbedRoute(route, "untested", self._failed[route.source]) for route in routes if route not in sound
            ]
            return failed + (self._halve(sound) if sound else [])
        if verdict == "late":
            return [ProbedRoute(route, "untested", "time limit reached") for route in routes]
        if verdict == "some" and len(routes) > 1:
            middle = len(routes) // 2
            return self._halve(routes[:middle]) + self._halve(routes[middle:])
        return [self._result(route, verdict) for route in routes]

    def _result(self, route: Route, verdict: Verdict) -> ProbedRoute:
        match verdict:
            case "all":
                return ProbedRoute(route, "passed")
            case "none" if self._unread():
                return ProbedRoute(route, "untested", f"`{route.target}` does not read its datagrams")
            case "none":
                return ProbedRoute(route, "blocked", "nothing arrived")
        return ProbedRoute(route, "untested", "only a part arrived, or other packets too")

    def _round(self, routes: Sequence[Route]) -> Verdict | Literal["late"]:
        """Send on all routes at once and count until everything has arrived or the time is over."""
        if time.monotonic() > self._deadline:
            return "late"
        each = self._least + randbelow(self._least)
        before, started = self._count(), time.monotonic()
        sending = {route: self._pool.submit(self._send, route, each) for route in routes}
        for route, sent in sending.items():
            self._note(route, sent)
        wanted, latest = each * len(routes), time.monotonic() + ARRIVAL_TIMEOUT_S
        over = False  # a slow host reads its counter late: the last reading must begin after the time for arrivals
        while (came := self._count() - before) < wanted and not over:
            time.sleep(POLL_INTERVAL_S)
            over = time.monotonic() >= latest
        return verdict_of(came - self._rate * (time.monotonic() - started), wanted, each)

    def _send(self, route: Route, number: int) -> None:
        self._probers[route.source].send(route.transport, route.address, route.port, number)

    def _note(self, route: Route, sent: Future[None]) -> None:
        try:
            sent.result()
        except SwarmbotError as error:
            self._failed[route.source] = error.happened
