"""Which hosts a reading asks: all of a small cluster, and of a large one the managers and the others in turn."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, cast

from bot.model import Engines, Facts, FactsQuery, HostFacts, HostFailure
from bot.swarm.reading.facts_reader import FactsReader
from bot.watch.reading import MAX_OTHER_HOSTS, Reading


class Hosts:
    """Hosts of swarmbot.yml; the first three are managers."""

    def __init__(self, count: int) -> None:
        self._names = tuple(f"host-{number}" for number in range(1, count + 1))

    def names(self) -> tuple[str, ...]:
        """Their names."""
        return self._names

    def address(self, host: str) -> str:
        """Any address."""
        return host


class Reader(FactsReader):
    """Reads hosts, some of them silent, and no cluster."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self.silent: set[str] = set()
        self.queries: list[FactsQuery] = []

    def read(self, name: str, engines: Engines, query: FactsQuery) -> Facts:
        """Silent hosts are in the facts only if they are waited for."""
        del engines
        self.queries.append(query)
        waited = set(query.only_hosts) if query.all_hosts else set(query.hosts)
        hosts = {
            each: HostFacts(each, each, HostFailure("slow", "It is slow."))
            if each in self.silent
            else HostFacts(each, each, is_manager=each in self._hosts.names()[:3])
            for each in self._hosts.names()
            if each in query.only_hosts and (each not in self.silent or each in waited)
        }
        return Facts(name, 0.0, MappingProxyType(hosts))


def reading_of(count: int) -> tuple[Reading, Reader]:
    """Return a reading of this many hosts, and its reader."""
    hosts = Hosts(count)
    reader = Reader(hosts)
    return Reading("prod", cast("Any", hosts), reader), reader


def test_every_host_of_a_small_cluster_is_read() -> None:
    """The second reading waits only for those that responded; nothing is said of the other one."""
    reading, reader = reading_of(5)
    reader.silent = {"host-5"}
    first, second = reading.read(), reading.read()
    assert [query.all_hosts for query in reader.queries] == [True, False]
    assert "host-5" not in reader.queries[1].hosts
    failures = [facts.hosts["host-5"].failure for facts in (first, second)]
    assert [failure and failure.problem for failure in failures] == ["slow", "not yet"]


def test_a_large_cluster_costs_a_bounded_number_of_hosts_each_time() -> None:
    """The managers each time; every other host within a few readings."""
    reading, reader = reading_of(3 + 3 * MAX_OTHER_HOSTS)
    for _ in range(4):
        reading.read()
    assert len(reader.queries[0].only_hosts) == 3 + 3 * MAX_OTHER_HOSTS, "certificates are read of all hosts, rarely"
    later = [set(query.only_hosts) for query in reader.queries[1:]]
    managers = {"host-1", "host-2", "host-3"}
    assert [len(each) for each in later] == [3 + MAX_OTHER_HOSTS] * 3
    assert all(managers <= each for each in later)
    assert len(set().union(*later)) == 3 + 3 * MAX_OTHER_HOSTS
