"""Which process watches, on a real Redis: one at a time, with any course of a reading."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from threading import Event
from types import MappingProxyType
from typing import Any, cast

import pytest
from redis import Redis

from bot.audit import Audit
from bot.errors import EngineError
from bot.good_specs import GoodSpecs
from bot.last_read import LastRead
from bot.model import ClusterFacts, Engine, Engines, Facts, FactsQuery, HostFacts, NodeFacts
from bot.model.history import SAMPLE_S, Range
from bot.model.incident import WatchSettings
from bot.model.observation import Extra
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store.leader_lease import LeaderLeases
from bot.swarm.operations.services import ChangeService
from bot.swarm.reading.facts_reader import FactsReader
from bot.swarm.services.spec.spec_edit import SpecEdit
from bot.watch.history import WatchHistory
from bot.watch.repository import WatchRepository
from bot.watch.samples import slot_of
from bot.watch.upkeep import Upkeep
from bot.watch.watcher import Watcher, WatchServices
from tests.kits.jobs import until
from tests.kits.outbox import FakeSlack, deliverer_of
from tests.plans.description import Description

LEASE_S = 0.6
KEY = Secret("k" * 32)


class OneHost:
    """The engines of a cluster with one host."""

    def names(self) -> tuple[str, ...]:
        """Its name."""
        return ("host-1",)

    def address(self, _: str) -> str:
        """Its address."""
        return "192.0.2.1"

    def __getitem__(self, host: str) -> Engine:
        """It has no event stream."""
        raise EngineError(host, 0, "It has no events.")


class Reader(FactsReader):
    """Reads a host that is part of no cluster, or hangs until ``goes_on`` is set."""

    def __init__(self) -> None:
        self.goes_on = Event()
        self.goes_on.set()
        self.hangs = False
        self.hosts: Mapping[str, HostFacts] = {"host-1": HostFacts("host-1", "192.0.2.1")}
        self.swarm: ClusterFacts | None = None
        self.at: Callable[[], float] = time.time

    def read(self, name: str, engines: Engines, query: FactsQuery) -> Facts:
        """Read it."""
        del engines, query
        self.hangs = not self.goes_on.is_set()
        self.goes_on.wait()
        self.hangs = False
        return Facts(name, self.at(), MappingProxyType(self.hosts), self.swarm)


class NoUpkeep(Upkeep):
    """Knows nothing."""

    def __init__(self) -> None: ...

    def known(self, cluster: str) -> Extra:
        """Return nothing."""
        del cluster
        return Extra()


class Process:
    """A watch process for prod."""

    def __init__(self, redis: Redis, name: str) -> None:
        audit = Audit(redis)
        self.name = name
        self.reader = Reader()
        self.stopping = Event()
        services = WatchServices(
            name=name,
            queue=Queue(redis, audit),
            repository=WatchRepository(redis, audit),
            history=WatchHistory(redis),
            leases=LeaderLeases(redis, name),
            reader=self.reader,
            last_read=LastRead(redis),
            deliverer=deliverer_of(redis, audit, FakeSlack.__new__(FakeSlack)),
            settings=WatchSettings(),
            poll_s=0.05,
            quiet_poll_s=0.05,
            upkeep=NoUpkeep(),
            good_specs=GoodSpecs(redis, KEY),
        )
        self.watcher = Watcher("prod", "C0PROD", cast("Any", OneHost()), services, self.stopping)

    def end(self) -> None:
        """Stop, as on SIGTERM."""
        self.stopping.set()
        self.reader.goes_on.set()
        self.watcher.end()


@pytest.fixture
def processes(client: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Process]]:
    """Two processes, by name, with short times."""
    for name, seconds in (("LEASE_S", LEASE_S), ("RENEWAL_S", LEASE_S / 3), ("FOLLOW_S", 0.05), ("MIN_PAUSE_S", 0.01)):
        monkeypatch.setattr(f"bot.watch.watcher.{name}", seconds)
    made = {name: Process(client, name) for name in ("one", "two")}
    for process in made.values():
        process.watcher.start()
    yield made
    for process in made.values():
        process.end()


@pytest.fixture
def repository(client: Redis, audit: Audit) -> WatchRepository:
    """What the processes store."""
    return WatchRepository(client, audit)


def leader(repository: WatchRepository, other_than: str = "") -> str:
    """Wait until a process has led for a turn, and return its name."""

    def led() -> bool:
        last_reading = repository.last_reading("prod")
        return (
            last_reading is not None
            and last_reading.leader != other_than
            and repository.leader("prod") == last_reading.leader
        )

    until(led, "a process watches")
    return repository.leader("prod")


def test_a_reading_that_hangs_costs_no_lease(processes: dict[str, Process], repository: WatchRepository) -> None:
    """The lease is renewed meanwhile: the other process does not begin to report the same."""
    first = processes[leader(repository)]
    first.reader.goes_on.clear()
    until(lambda: first.reader.hangs, "a reading hangs")
    end = time.monotonic() + 1.5 * LEASE_S
    until(lambda: time.monotonic() > end or repository.leader("prod") != first.name, "a lease would be over")
    assert repository.leader("prod") == first.name


def test_a_turn_that_is_stuck_loses_the_lease(
    processes: dict[str, Process], repository: WatchRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process leads; what the stuck one would store then is void."""
    first = processes[leader(repository)]
    monkeypatch.setattr("bot.watch.watcher.STUCK_S", 0.1)
    first.reader.goes_on.clear()
    second = leader(repository, other_than=first.name)
    first.reader.goes_on.set()
    until(lambda: not first.reader.hangs, "it goes on")
    last_reading = repository.last_reading("prod")
    until(lambda: repository.last_reading("prod") != last_reading, "another reading ends")
    found = repository.last_reading("prod")
    assert found is not None
    assert found.leader == second == repository.leader("prod")


def test_a_process_that_ends_lets_another_one_lead(processes: dict[str, Process], repository: WatchRepository) -> None:
    """At once: its lease is released."""
    first = processes[leader(repository)]
    first.end()
    assert leader(repository, other_than=first.name) != first.name


def test_redis_may_forget_everything(processes: dict[str, Process], repository: WatchRepository, client: Redis) -> None:
    """A process leads again, with an empty state."""
    assert processes[leader(repository)]
    client.flushdb()
    assert leader(repository)


def test_what_status_says_is_stored_as_long_as_a_manager_is_read(
    processes: dict[str, Process], repository: WatchRepository
) -> None:
    """Nothing is kept for a cluster that cannot be read: what is wrong then is read when somebody asks."""
    first = processes[leader(repository)]
    node = NodeFacts("n1", "host-1", "manager", "active", "ready", 1, {}, "host-1", "reachable", leader=True)
    first.reader.hosts = {"host-1": HostFacts("host-1", "192.0.2.1", membership="active", is_manager=True)}
    first.reader.swarm = ClusterFacts("c1", "host-1", 1, {}, (node,))
    until(lambda: repository.summary("prod") is not None, "a summary is stored")
    kept = repository.summary("prod")
    assert kept is not None
    assert kept[0].numbers[0].startswith("Leader `host-1`")
    first.reader.swarm = None
    until(lambda: repository.summary("prod") is None, "it is gone")


def test_all_readings_of_a_slot_are_one_sample_whoever_leads(
    processes: dict[str, Process], repository: WatchRepository, client: Redis
) -> None:
    """A change of leader adds to it. It has the lowest, the highest and the last number."""
    history, slot = WatchHistory(client), slot_of(time.time()) - 10 * SAMPLE_S
    first = processes[leader(repository)]

    def read(process: Process, at: float, ready: int) -> None:
        states = ["ready"] * ready + ["down"] * (5 - ready)
        workers = {
            f"host-{number}": {"is": "worker", "record": {"state": state}} for number, state in enumerate(states, 2)
        }
        facts = Description.model_validate({"hosts": {"host-1": {"is": "leader"}, **workers}}).facts()
        process.reader.hosts, process.reader.swarm = facts.hosts, facts.swarm
        process.reader.at = lambda: at

    def ready(at: int) -> Range | None:
        found = history.sample("prod", at)
        return found.counts.nodes_ready if found and found.counts else None

    for process in processes.values():
        read(process, slot + 1, 3)
    until(lambda: ready(slot) == Range(4, 4, 4), "it is recorded")
    read(first, slot + 5, 5)
    until(lambda: ready(slot) == Range(4, 6, 6), "a later reading is part of it")
    second = processes["two" if first.name == "one" else "one"]
    read(second, slot + 9, 2)
    first.end()
    until(lambda: ready(slot) == Range(3, 6, 3), "the other process adds to it")
    read(second, slot + SAMPLE_S, 5)
    until(lambda: ready(slot + SAMPLE_S) == Range(6, 6, 6), "the next slot has its own")
    read(second, slot + 2, 1)
    until(lambda: ready(slot) == Range(2, 6, 2), "the clock was set back")
    recorded = [each.at for each in history.history("prod").samples]
    assert sorted(set(recorded)) == recorded
    assert {slot, slot + SAMPLE_S} <= {*recorded}


def test_a_good_spec_is_the_way_back_from_a_paused_rollback(
    processes: dict[str, Process], repository: WatchRepository, client: Redis
) -> None:
    """It is read while Docker has paused an update."""
    task = {"service": "web", "node": "id-host-1", "state": "running", "minutes": 5}
    described: dict[str, Any] = {"hosts": {"host-1": {"is": "leader"}}, "services": {"web": {}}, "task_list": [task]}
    operation = ChangeService("id-web", "web", "prod", "", (), True, 0.0, SpecEdit())
    GoodSpecs(client, KEY).note(Description.model_validate(described).facts(), operation)
    described["services"] = {"web": {"image": "bad", "update": {"state": "rollback_paused"}}}
    reader, facts = processes[leader(repository)].reader, Description.model_validate(described).facts()
    reader.hosts, reader.swarm = facts.hosts, facts.swarm

    def fixes() -> list[str]:
        return [each.root_signal.fix for each in repository.state("prod").incidents]

    until(lambda: "rollback web --last-good" in fixes(), "the order is prepared")
