"""Which hosts a look waits for, and which cluster it then sees: one host is quick, and in a cluster of its own."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from bot.model import Facts, FactsQuery
from bot.swarm.reading.facts_reader import FactsReader

CLUSTERS = {"host-1": "stray", "host-2": "prod", "host-3": "prod"}
LATE = 0.3
"""Seconds that the others take, unless the quick host was asked for its cluster before."""


class _Engine:
    """A manager; of ``prod`` both are, and what they know of each other is played."""

    def __init__(self, host: str, quick_one_asked: Event) -> None:
        self.host = host
        self.cluster = CLUSTERS[host]
        self._asked = quick_one_asked

    def info(self) -> dict[str, Any]:
        """Slow, but for the quick host's."""
        if self.cluster != "stray":
            self._asked.wait(LATE)
        swarm = {"LocalNodeState": "active", "ControlAvailable": True, "NodeID": f"id-{self.host}"}
        return {"Name": self.host, "Swarm": {**swarm, "Cluster": {"ID": self.cluster}}}

    def swarm(self) -> dict[str, Any]:
        """Note that the quick one was asked."""
        if self.cluster == "stray":
            self._asked.set()
        return {"ID": self.cluster, "Version": {"Index": 1}, "Spec": {}}

    def nodes(self) -> list[dict[str, Any]]:
        """None: nobody looks here."""
        return []


class _Engines:
    """Three hosts of swarmbot.yml."""

    def __init__(self) -> None:
        asked = Event()
        self._engines = {host: _Engine(host, asked) for host in CLUSTERS}

    def __getitem__(self, host: str) -> _Engine:
        return self._engines[host]

    def names(self) -> tuple[str, ...]:
        """All."""
        return (*CLUSTERS,)

    def address(self, host: str) -> str:
        """One of each."""
        return host.replace("host-", "10.0.0.")

    backup_store = None


@pytest.fixture
def reader() -> Iterator[FactsReader]:
    """A reader, with its threads."""
    found = FactsReader({})
    yield found
    found.close()


def _read(reader: FactsReader, query: FactsQuery) -> Facts:
    engines: Any = _Engines()
    return reader.read("prod", engines, query)


def test_a_plan_is_made_of_the_cluster_that_most_hosts_are_in(reader: FactsReader) -> None:
    """All hosts are waited for; that the quick one could be read first decides nothing."""
    facts = _read(reader, FactsQuery(all_hosts=True))
    assert facts.swarm is not None
    assert (facts.swarm.id, [*facts.hosts]) == ("prod", [*CLUSTERS])


def test_a_step_sees_the_cluster_that_its_plan_was_made_from(reader: FactsReader) -> None:
    """It waits for a manager of that one, whoever answers before."""
    facts = _read(reader, FactsQuery(cluster_id="prod"))
    assert facts.swarm is not None
    assert facts.swarm.id == "prod"


def test_of_a_cluster_that_is_gone_nothing_is_seen(reader: FactsReader) -> None:
    """No other is taken for it."""
    assert _read(reader, FactsQuery(cluster_id="gone")).swarm is None
