"""Seeing whether what others send comes to a host's kernel, by what the kernel counts.

Nobody need listen, and nothing is opened or changed on the host. The counters are shared by all ports and all
senders, so a few are tried at once, and halves of them as long as only a part came. What a busy host counts anyway is
measured first; against it more is sent, up to a limit beyond which nothing can be told. Another check may send to the
same host at the same moment: so how many are sent is drawn at random, and too many are as suspicious as too few.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from secrets import randbelow
from typing import Final, Literal

from bot.errors import SwarmbotError
from bot.model import ProbedRoute, Prober, Route

MIN_PACKETS: Final = 20
MAX_PACKETS: Final = 320
"""Datagrams, or connections, that a way is tried with: the least that is begun from, and the least on a busy host."""
BASELINE_S: Final = 0.03
"""Seconds for which is counted what comes by itself."""
ARRIVAL_TIMEOUT_S: Final = 0.25
"""Seconds after the last one was sent within which it must have come."""
POLL_INTERVAL_S: Final = 0.01

Verdict = Literal["all", "none", "some"]


def verdict_of(came: float, sent: int, each: int) -> Verdict:
    """Whether of ``sent`` datagrams all, none or some came; ``each`` is what one way was tried with.

    A quarter of that is the tolerance. More than was sent is ``some`` too: it is not known whose they were.
    """
    if came < each / 4:
        return "none"
    return "all" if abs(came - sent) < each / 4 else "some"


def packets_needed(rate: float) -> int:
    """How many at least must be sent a way to stand out from ``rate`` others a second; 0 when no number does."""
    noise = rate * (ARRIVAL_TIMEOUT_S / 2)
    if noise < MIN_PACKETS / 4:
        return MIN_PACKETS
    return next((each for each in (4 * MIN_PACKETS, MAX_PACKETS) if noise < each / 4), 0)


class CounterProbe:
    """One target and one counter of it. Not thread-safe: rounds must follow each other."""

    def __init__(
        self, count: Callable[[], int], probers: Mapping[str, Prober], pool: Executor, deadline: float
    ) -> None:
        self._count = count
        self._probers = probers
        self._pool = pool
        self._deadline = deadline
        self._rate = 0.0
        self._least = MIN_PACKETS
        self._failed: dict[str, str] = {}

    def settle(self, routes: Sequence[Route]) -> list[ProbedRoute]:
        """What became of each of ``routes``, which all lead to this target. Raises what counting raises."""
        before = self._count()
        started = time.monotonic()
        time.sleep(BASELINE_S)
        self._rate = (self._count() - before) / (time.monotonic() - started)
        self._least = packets_needed(self._rate)
        if not self._least:
            why = f"`{routes[0].target}` gets {self._rate:.0f} others a second"
            return [ProbedRoute(route, "not looked at", why) for route in routes]
        return self._halve(routes)

    def _halve(self, routes: Sequence[Route]) -> list[ProbedRoute]:
        verdict = self._round(routes)
        if verdict == "none" or (verdict == "some" and len(routes) == 1):
            verdict = self._round(routes)
        sound = [route for route in routes if route.source not in self._failed]
        if len(sound) < len(routes):
            failed = [
                ProbedRoute(route, "not looked at", self._failed[route.source])
                for route in routes
                if route not in sound
            ]
            return failed + (self._halve(sound) if sound else [])
        if verdict == "late":
            return [ProbedRoute(route, "not looked at", "time was up") for route in routes]
        if verdict == "some" and len(routes) > 1:
            middle = len(routes) // 2
            return self._halve(routes[:middle]) + self._halve(routes[middle:])
        match verdict:
            case "all":
                return [ProbedRoute(route, "passed") for route in routes]
            case "none":
                return [ProbedRoute(route, "blocked", "nothing came") for route in routes]
        return [ProbedRoute(routes[0], "not looked at", "a part came, or others came beside it")]

    def _round(self, routes: Sequence[Route]) -> Verdict | Literal["late"]:
        """Send on all ways at once and count until all came, or no more will."""
        if time.monotonic() > self._deadline:
            return "late"
        each = self._least + randbelow(self._least)
        before, started = self._count(), time.monotonic()
        sending = {route: self._pool.submit(self._send, route, each) for route in routes}
        for route, sent in sending.items():
            self._note(route, sent)
        wanted, patience = each * len(routes), time.monotonic() + ARRIVAL_TIMEOUT_S
        while (came := self._count() - before) < wanted and time.monotonic() < patience:
            time.sleep(POLL_INTERVAL_S)
        return verdict_of(came - self._rate * (time.monotonic() - started), wanted, each)

    def _send(self, route: Route, number: int) -> None:
        self._probers[route.source].send(route.transport, route.address, route.port, number)

    def _note(self, route: Route, sent: Future[None]) -> None:
        try:
            sent.result()
        except SwarmbotError as error:
            self._failed[route.source] = error.happened
