"""Which hosts a read waits for, and which cluster it returns. One host is quick and in a cluster of its own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any
from unittest.mock import Mock

import pytest

from bot.errors import EngineError, HostUnreachable
from bot.model import Counters, Examination, Facts, FactsQuery, HostFailure, Interface, Mesh
from bot.swarm.health.lost_quorum import old_managers
from bot.swarm.network.routes import Peer
from bot.swarm.reading import facts_reader
from bot.swarm.reading.facts_reader import FactsReader
from tests.plans.description import Description

CLUSTERS = {"host-1": "stray", "host-2": "prod", "host-3": "prod"}
LATE = 0.05
"""Seconds that the other hosts take, unless the quick host was asked for its cluster before."""


class _Engine:
    """The engine of a manager."""

    def __init__(self, host: str, quick_one_asked: Event) -> None:
        self.host = host
        self.cluster = CLUSTERS[host]
        self._asked = quick_one_asked
        self.silence: HostUnreachable | None = None
        self.reads = 0

    def recent_silence(self) -> HostUnreachable | None:
        """Return what the test has set."""
        return self.silence

    def info(self, _: float) -> dict[str, Any]:
        """Return slowly, except for the quick host."""
        self.reads += 1
        if self.cluster != "stray":
            self._asked.wait(LATE)
        swarm = {"LocalNodeState": "active", "ControlAvailable": True, "NodeID": f"id-{self.host}"}
        return {"Name": self.host, "Swarm": {**swarm, "Cluster": {"ID": self.cluster}}}

    def swarm(self) -> dict[str, Any]:
        """Record that the quick host was asked."""
        if self.cluster == "stray":
            self._asked.set()
        return {"ID": self.cluster, "Version": {"Index": 1}, "Spec": {}}

    def nodes(self) -> list[dict[str, Any]]:
        """Return no nodes: no test needs them."""
        return []


class _Engines:
    """Three hosts of swarmbot.yml."""

    def __init__(self) -> None:
        asked = Event()
        self.replace_all(lambda host: _Engine(host, asked))

    def replace_all(self, engine_of: Callable[[str], _Engine]) -> None:
        """Return a reader with other engines."""
        self._engines = {host: engine_of(host) for host in CLUSTERS}

    def __getitem__(self, host: str) -> _Engine:
        return self._engines[host]

    def names(self) -> tuple[str, ...]:
        """Return all hosts."""
        return (*CLUSTERS,)

    def address(self, host: str) -> str:
        """Return the host's address."""
        return host.replace("host-", "10.0.0.")

    backup_store = None


def _read(reader: FactsReader, query: FactsQuery) -> Facts:
    engines: Any = _Engines()
    return reader.read("prod", engines, query)


def test_a_plan_reads_the_cluster_with_the_most_hosts(reader: FactsReader) -> None:
    """The read waits for all hosts; the quick host does not decide."""
    facts = _read(reader, FactsQuery(all_hosts=True))
    assert facts.swarm is not None
    assert (facts.swarm.id, [*facts.hosts]) == ("prod", [*CLUSTERS])


def test_a_step_reads_the_cluster_of_its_plan(reader: FactsReader) -> None:
    """It waits for a manager of that cluster, even if another host answers first."""
    facts = _read(reader, FactsQuery(cluster_id="prod"))
    assert facts.swarm is not None
    assert facts.swarm.id == "prod"


def test_a_cluster_that_is_gone_is_not_replaced_by_another(reader: FactsReader) -> None:
    """The facts then have no cluster."""
    assert _read(reader, FactsQuery(cluster_id="gone")).swarm is None


@pytest.mark.parametrize(
    ("query", "reads"),
    [
        (FactsQuery(all_hosts=True), 0),
        (FactsQuery(hosts=("host-2",)), 0),
        (FactsQuery(all_hosts=True, hosts=("host-3",)), 1),
        (FactsQuery(all_hosts=True, stopped_engines=("host-2",)), 1),
    ],
)
def test_a_host_that_was_silent_moments_ago_is_tried_only_if_it_matters(
    reader: FactsReader, query: FactsQuery, reads: int
) -> None:
    """It counts as unreachable for what does not name it; a recovery examines every host."""
    engines: Any = _Engines()
    silent = engines["host-3"]
    silent.silence = HostUnreachable("host-3", "timed out", "It is silent.")
    facts = reader.read("prod", engines, query)
    assert silent.reads == reads
    assert reads or facts.hosts["host-3"].failure == HostFailure("timed out", "It is silent.", "")


class _Electing(_Engine):
    """A manager whose first answer hangs, as calls do that began before an election."""

    def info(self, timeout_s: float) -> dict[str, Any]:
        """Return soon, except for the first call, which the test ends."""
        if not self.reads:
            self.reads = 1
            self._asked.wait(60)
        return super().info(timeout_s)


@pytest.mark.parametrize(("again", "seen"), [((), False), (("host-2",), True)])
def test_a_manager_that_hangs_is_asked_again(
    reader: FactsReader, monkeypatch: pytest.MonkeyPatch, again: tuple[str, ...], *, seen: bool
) -> None:
    """A call that begins after the election is answered; that of before is not waited for."""
    monkeypatch.setattr(facts_reader, "ASK_AGAIN_S", 0.05)
    engines: Any = _Engines()
    asked = Event()
    engines.replace_all(lambda host: _Electing(host, asked))
    query = FactsQuery(cluster_id="prod", ask_again=again, timeout_s=60.0 if seen else 0.3)
    facts = reader.read("prod", engines, query)
    asked.set()
    assert (facts.swarm is not None) is seen


class _LosingPower(_Engine):
    """A manager that loses power once it was read: by then the others do not hear it."""

    def info(self, timeout_s: float) -> dict[str, Any]:
        """Respond once."""
        if self.reads and self.host == "host-3":
            raise HostUnreachable(self.host, "timed out", "It is silent.")
        return super().info(timeout_s)

    def nodes(self) -> list[dict[str, Any]]:
        """Return that host-3 is not reachable."""
        return [
            {
                "ID": f"id-{host}",
                "Version": {"Index": 1},
                "Spec": {"Role": "manager", "Availability": "active"},
                "Status": {"State": "ready"},
                "Description": {"Hostname": host},
                "ManagerStatus": {"Reachability": reachability},
            }
            for host, reachability in (("host-2", "reachable"), ("host-3", "unreachable"))
        ]


class _Stopping(_LosingPower):
    """Engines that are inactive on all hosts but host-2: one has left, one is about to stop."""

    def info(self, timeout_s: float) -> dict[str, Any]:
        """Respond with no swarm, except for the manager."""
        found = super(_LosingPower, self).info(timeout_s)
        return found if self.host == "host-2" else {**found, "Swarm": {"LocalNodeState": "inactive"}}

    def placed(self) -> str:
        """Return what a stopping engine has in its swarm folder."""
        return "other"


def test_a_host_has_left_only_if_its_swarm_folder_is_empty(
    reader: FactsReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that is stopping is inactive too. What cannot be read is unknown."""
    engines: Any = _Engines()
    engines.replace_all(lambda host: _Stopping(host, Event()))

    def left() -> list[str]:
        facts = reader.read("prod", engines, FactsQuery(all_hosts=True, cluster_id="prod"))
        return [name for name, host in facts.hosts.items() if host.has_left]

    assert left() == []
    monkeypatch.setattr(engines["host-3"], "placed", lambda: "")
    assert left() == ["host-3"]
    monkeypatch.setattr(engines["host-3"], "placed", Mock(side_effect=HostUnreachable("host-3", "timed out", "Late.")))
    assert left() == []


class _Leaderless(_Stopping):
    """A stopping host whose engine names host-1 and host-3 as managers, and has no leader."""

    def info(self, timeout_s: float) -> dict[str, Any]:
        """Respond with an error instead of a cluster."""
        found = super().info(timeout_s)
        if self.host == "host-2":
            addresses = [{"NodeID": each, "Addr": f"{each}:2377"} for each in ("10.0.0.1", "10.0.0.3")]
            found["Swarm"] |= {"Error": "The swarm does not have a leader.", "RemoteManagers": addresses}
        return found


def test_without_a_quorum_too_a_host_has_left_only_if_its_swarm_folder_is_empty(
    reader: FactsReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the others name as managers are examined."""
    engines: Any = _Engines()
    engines.replace_all(lambda host: _Leaderless(host, Event()))
    monkeypatch.setattr(engines["host-3"], "placed", lambda: "")
    facts = reader.read("prod", engines, FactsQuery(all_hosts=True, cluster_id="prod"))
    assert facts.swarm is None
    assert [(old.name, old.state) for old in old_managers(facts)] == [("host-1", "unclear"), ("host-3", "left")]


def test_a_manager_that_is_not_heard_is_read_again(reader: FactsReader) -> None:
    """It may have lost power since: then it does not work, and nothing is split."""
    engines: Any = _Engines()
    engines.replace_all(lambda host: _LosingPower(host, Event()))
    facts = reader.read("prod", engines, FactsQuery(all_hosts=True, cluster_id="prod"))
    assert facts.hosts["host-3"].failure == HostFailure("timed out", "It is silent.", "")
    assert engines["host-2"].reads == 1


class _Examined(_Engine):
    """A host of a cluster whose examination may fail; its interfaces are asked for only then."""

    fails = False

    def __init__(self, host: str, quick_one_asked: Event) -> None:
        super().__init__(host, quick_one_asked)
        self.calls: list[str] = []

    def examine(self) -> Examination:
        """Return one interface, and quiet counters."""
        self.calls.append("examine")
        if self.fails:
            raise EngineError(self.host, 0, "It has no bash.")
        return Examination((Interface("eth0", ("10.0.0.9",)),), Counters(0, 0), Counters(0, 0), 0.05)

    def interfaces(self) -> tuple[Interface, ...]:
        """Return another one."""
        self.calls.append("interfaces")
        return (Interface("eth1", ("10.0.0.8",)),)

    def clock_offset(self) -> float:
        """Return an hour."""
        self.calls.append("clock")
        return 3600.0


@pytest.mark.parametrize(("fails", "name"), [(False, "eth0"), (True, "eth1")])
def test_a_probed_host_is_examined_while_its_engine_is_asked(reader: FactsReader, name: str, *, fails: bool) -> None:
    """So are the managers, whose counters are needed. If that fails, the interfaces are asked for."""
    engines: Any = _Engines()
    asked = Event()
    engines.replace_all(lambda host: _Examined(host, asked))
    engines["host-2"].fails = fails
    facts = reader.read("prod", engines, FactsQuery(all_hosts=True, probe=("host-2",)))
    assert [each.name for each in facts.hosts["host-2"].interfaces] == [name]
    assert engines["host-2"].calls.count("interfaces") == fails
    assert "examine" in engines["host-3"].calls
    assert "interfaces" not in engines["host-3"].calls
    assert facts.hosts["host-2"].clock_offset == 3600.0, "the engine told no time"


@pytest.mark.parametrize(("availability", "why"), [("drain", "drained"), ("pause", "paused")])
def test_the_overlay_of_a_node_that_takes_no_tasks_is_not_tested(
    monkeypatch: pytest.MonkeyPatch, availability: str, why: str
) -> None:
    """Docker attaches no network there: the trial waited 20 s and reported its error."""
    nodes = {"host-1": {"is": "leader"}, "host-2": {"is": "worker", "record": {"availability": availability}}}
    facts = Description.model_validate({"hosts": nodes}).facts()
    tried: list[str] = []

    def trial(_: object, __: str, peers: list[Peer]) -> Mesh:
        tried.extend(peer.name for peer in peers)
        return Mesh("trial", {}, {}, {}, {})

    monkeypatch.setattr(facts_reader, "try_overlay", trial)
    found = facts_reader._with_mesh(facts, Mock(), FactsQuery())
    assert tried == ["host-1"]
    assert found.mesh is not None
    assert found.mesh.skipped == {"host-2": f"it is {why}, so Docker attaches no network"}
