"""Examine hosts while their engines are asked, so that the probes can be sent as soon as the routes are known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import Executor, Future, wait
from contextlib import suppress

from bot.errors import SwarmbotError
from bot.model import Engines, Examination, FactsQuery, HostFacts, Route
from bot.swarm.network.probe_round import Examined
from bot.swarm.network.probe_routes import SLOW_PROBER_TIMEOUT_S
from bot.swarm.network.routes import MAX_PEERS
from bot.swarm.reading.host_reader import examined_host


class Examinations:
    """The examinations of one reading. Hosts that the query names are begun at once, before their engines are read."""

    def __init__(self, pool: Executor, engines: Engines, query: FactsQuery) -> None:
        self._pool = pool
        self._engines = engines
        self._every_peer = query.every_peer
        self._wanted = bool(query.probe) and not query.mesh
        self._running: dict[str, Future[Examination]] = {}
        self._workers = 0
        for name in engines.names():
            if self._wanted and name in query.probe:
                self._begin(name)

    def has(self, name: str) -> bool:
        """Return whether a host is examined."""
        return name in self._running

    def heard(self, host: HostFacts) -> None:
        """Begin to examine a host that routes will lead to: a manager, or one of the first workers."""
        if not self._wanted or not host.in_swarm or host.name in self._running:
            return
        if not host.is_manager:
            if not self._every_peer or self._workers >= MAX_PEERS:
                return
            self._workers += 1
        self._begin(host.name)

    def with_interfaces(self, hosts: Mapping[str, HostFacts], query: FactsQuery) -> dict[str, HostFacts]:
        """Return the hosts, those that the query names with their interfaces. Wait for their examinations."""
        named = [name for name in query.probe if name in self._running and name in hosts and hosts[name].responds]
        wait([self._running[name] for name in named], timeout=SLOW_PROBER_TIMEOUT_S)
        read = {
            name: self._pool.submit(examined_host, self._engines[name], hosts[name], self._result(name))
            for name in named
        }
        return {**hosts, **{name: found.result() for name, found in read.items()}}

    def ended(self, routes: Collection[Route], hosts: Mapping[str, HostFacts]) -> dict[str, Examined]:
        """Return the hosts of ``routes`` that were examined; wait for those that respond."""
        if not self._wanted:
            return {}
        names = {name for route in routes for name in (route.source, route.target)}
        names = {name for name in names if name in hosts and hosts[name].responds}
        for name in names - self._running.keys():
            self._begin(name)
        wait([self._running[name] for name in names], timeout=SLOW_PROBER_TIMEOUT_S)
        results = {name: self._result(name) for name in names}
        return {name: Examined(found, hosts[name].runs_as_member) for name, found in results.items() if found}

    def _begin(self, name: str) -> None:
        self._running[name] = self._pool.submit(self._engines[name].examine)

    def _result(self, name: str) -> Examination | None:
        with suppress(SwarmbotError, TimeoutError):
            return self._running[name].result(0)
        return None
