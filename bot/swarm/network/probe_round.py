"""Prove in one round that routes are open: every host sends all of its probes, and counts until as much has arrived.

A round only proves. What it does not prove may be open as well: a host was late, a packet was lost, other packets came.
So its routes are tested one by one (probe_routes), which alone calls a route blocked or untested.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import ceil
from secrets import randbelow
from typing import Final

from bot.errors import SwarmbotError
from bot.model import Counters, Engines, Examination, Probe, ProbedRoute, RoundReport, Route, SentProbe, Transport
from bot.model.network import BASELINE_S
from bot.swarm.network.packet_counters import COUNTER_LOCKS, MIN_PACKETS, verdict_of

ROUND_TIMEOUT_S: Final = 0.25
"""How long a round lasts if something does not arrive and every host responds at once."""
SHOWN_TIMES: Final = 4
"""The additional time of a round, as a multiple of the time that the slowest host took to be examined."""
USUAL_TIMES: Final = 2
"""The usual time from an examination to the end of the round, as a multiple of the time of the examination."""
MAX_ROUND_S: Final = 4.0
MAX_PACKETS: Final = 160
"""The most that is sent on a route, at random up to twice this: a host with more other packets is not part of a
round."""
UNSEEN_PACKETS: Final = 5
"""How many more packets than were counted may be usual in the same time: if none were counted, this is 99 % certain."""
CLOCK_TICK_S: Final = 0.01
HIDING: Final = 0.75
"""How many of a route's packets could be lost and replaced by others without being noticed."""

_Group = tuple[str, Transport]
"""The routes to one counter: a host and a transport."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A host that was examined a moment ago."""

    examination: Examination
    listens: bool
    """Whether it is a member of a cluster, so that it accepts connections."""


def proven_routes(
    engines: Engines, routes: Sequence[Route], examined: Mapping[str, Examined], pool: Executor
) -> dict[Route, ProbedRoute]:
    """Return the routes that are proven to be open. Raise nothing for a dead host."""
    groups: dict[_Group, list[Route]] = {}
    for route in sorted(routes, key=lambda route: route.transport):
        if {route.source, route.target} <= examined.keys():
            groups.setdefault((route.target, route.transport), []).append(route)
    with _turns(groups) as free:
        usual_s = USUAL_TIMES * _slowest(examined)
        numbers = {group: packets_for(examined[group[0]].examination, group[1], usual_s) for group in free}
        quiet = {group: routes for group, routes in free.items() if numbers[group] <= MAX_PACKETS}
        return _Round(engines, quiet, examined, numbers).run(pool, round_timeout(examined)) if quiet else {}


def round_timeout(examined: Mapping[str, Examined]) -> float:
    """Return how long a round may last, in proportion to what the hosts have shown."""
    return min(MAX_ROUND_S, ROUND_TIMEOUT_S + SHOWN_TIMES * _slowest(examined))


def _slowest(examined: Mapping[str, Examined]) -> float:
    """Return how many seconds the slowest host took to be examined."""
    return max((each.examination.seconds for each in examined.values()), default=0.0)


def others_within(examination: Examination, transport: Transport, seconds: float) -> float:
    """Return how many packets of others a host may count in ``seconds``, by what it counted when it was examined."""
    first, last = examination.first, examination.last
    usual = _count(last, transport) - _count(first, transport) + UNSEEN_PACKETS
    return usual / max(BASELINE_S, last.uptime_s - first.uptime_s - CLOCK_TICK_S) * seconds


def packets_for(examination: Examination, transport: Transport, seconds: float) -> int:
    """Return how many packets a route needs so that other packets within ``seconds`` cannot replace them."""
    return max(MIN_PACKETS, ceil(others_within(examination, transport, seconds) / HIDING))


class _Round:
    def __init__(
        self,
        engines: Engines,
        groups: Mapping[_Group, Sequence[Route]],
        examined: Mapping[str, Examined],
        least: Mapping[_Group, int],
    ) -> None:
        self._engines = engines
        self._groups = groups
        self._examined = examined
        self._numbers = {group: least[group] + randbelow(least[group]) for group in groups}
        """How many packets each of its routes gets: random, because another check may send to the same host."""

    def run(self, pool: Executor, timeout_s: float) -> dict[Route, ProbedRoute]:
        """Start sending and counting on all hosts at once; return what is proven."""
        by_source: dict[str, list[Route]] = {target: [] for target, _ in self._groups}
        for group in self._groups.values():
            for route in group:
                by_source.setdefault(route.source, []).append(route)
        running = {
            name: pool.submit(
                self._engines[name].probe_round,
                [Probe(route.transport, route.address, route.port, self._number(route)) for route in sent],
                self._until(name),
                timeout_s,
            )
            for name, sent in by_source.items()
        }
        reports: dict[str, RoundReport] = {}
        ends: dict[Route, SentProbe] = {}
        for name, report in running.items():
            try:
                reports[name] = report.result()
            except SwarmbotError:
                continue
            ends |= dict(zip(by_source[name], reports[name].sent, strict=True))
        return {probed.route: probed for group in self._groups for probed in self._proven(group, reports, ends)}

    def _number(self, route: Route) -> int:
        return self._numbers[route.target, route.transport]

    def _until(self, name: str) -> Counters:
        """Return what a host will have counted when all has arrived."""
        host = self._examined[name]
        last = host.examination.last
        datagrams = self._numbers.get((name, "udp"), 0) * len(self._groups.get((name, "udp"), ()))
        resets = self._numbers.get((name, "tcp"), 0) * len(self._groups.get((name, "tcp"), ()))
        return Counters(last.datagrams + datagrams, last.resets + (0 if host.listens else resets))

    def _proven(
        self, group: _Group, reports: Mapping[str, RoundReport], ends: Mapping[Route, SentProbe]
    ) -> Iterator[ProbedRoute]:
        """Yield the routes to one counter that are proven to be open.

        These are connections that a process accepted. The rest is proven if exactly as much was counted as all senders
        sent, and so soon that other packets cannot replace those of a route.
        """
        target, transport = group
        routes, number = self._groups[group], self._numbers[group]
        seen = {route: ends.get(route, SentProbe("unknown")) for route in routes}
        accepted = [route for route in routes if seen[route].outcome == "accepted"]
        yield from (ProbedRoute(route, "open") for route in accepted)
        rest = [route for route in routes if route not in accepted]
        whole = SentProbe("sent" if transport == "udp" else "refused", number)
        if target not in reports or any(seen[route] != whole for route in rest):
            return
        examination, after = self._examined[target].examination, reports[target].counters[transport]
        lasted_s = after.uptime_s - examination.last.uptime_s + CLOCK_TICK_S
        if others_within(examination, transport, lasted_s) > HIDING * number:
            return
        came = _count(after, transport) - _count(examination.last, transport)
        if verdict_of(came, sum(end.number for end in seen.values()), number) == "all":
            yield from (ProbedRoute(route, "passed", refused=transport == "tcp") for route in rest)


def _count(counters: Counters, transport: Transport) -> int:
    return counters.datagrams if transport == "udp" else counters.resets


@contextmanager
def _turns(groups: Mapping[_Group, list[Route]]) -> Iterator[dict[_Group, list[Route]]]:
    """Hold the counters that no other check of this process uses now; yield their groups."""
    with ExitStack() as held:
        free = {}
        for group, routes in groups.items():
            turn = COUNTER_LOCKS[group]
            if turn.acquire(blocking=False):
                held.callback(turn.release)
                free[group] = routes
        yield free
