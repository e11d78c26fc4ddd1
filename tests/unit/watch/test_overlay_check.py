"""When the routes between the nodes are checked, and which results count."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Event
from typing import Any, cast

import pytest
from redis import Redis

from bot.audit import Audit
from bot.model import Engines, Facts, FactsQuery
from bot.model.incident import Incident, Tracked, WatchState
from bot.model.observation import Signal
from bot.queue import results
from bot.queue.queue import Queue
from bot.swarm.incidents.overlay_signals import MAX_CHECKED_NODES, nodes_to_check
from bot.swarm.reading.facts_reader import FactsReader
from bot.watch.overlay_check import CONFIRM_AFTER_S, OverlayCheck
from tests.kits.jobs import asked, order, taken, until
from tests.plans.description import Description

HOUR_S = 3600.0
TWO_NODES = {"host-1": {"is": "leader"}, "host-2": {"is": "worker"}}


def described(query: FactsQuery | None = None, **more: Any) -> Facts:
    """Return facts of a cluster, by default of two nodes."""
    return Description.model_validate({"hosts": TWO_NODES, **more}).facts(query or FactsQuery())


class Reader(FactsReader):
    """Reads two nodes, when ``goes_on`` is set."""

    def __init__(self) -> None:
        self.goes_on = Event()
        self.goes_on.set()
        self.queries: list[FactsQuery] = []

    def read(self, name: str, engines: Engines, query: FactsQuery) -> Facts:
        """Read them."""
        del name, engines
        self.queries.append(query)
        self.goes_on.wait()
        return described(query)


class World:
    """A cluster whose routes are to be checked every hour."""

    def __init__(self, redis: Redis) -> None:
        self.queue = Queue(redis, Audit(redis))
        self.reader = Reader()
        self.state = WatchState()
        self.now = time.time()
        self.check = OverlayCheck("prod", cast("Any", object()), self.reader, self.queue, HOUR_S)

    def run_once(self, facts: Facts | None = None) -> Facts | None:
        """Make what a turn of watch makes, and return what it gets, once a check that began has ended."""
        self.check.begin_if_due(self.state, facts or described(), self.now)
        if self.reader.goes_on.is_set():
            until(lambda: not self.check.runs, "the check has ended")
        return self.check.result(self.now)

    def change(self, *, ended: bool) -> None:
        """Let a change of the cluster begin, and maybe end."""
        self.queue.admit(order(), asked(order()))
        lease = taken(self.queue)
        self.queue.record(lease, {"begun": "1"})
        if ended:
            self.queue.finish(lease, "succeeded", results.success("done"))


@pytest.fixture
def world(client: Redis) -> World:
    """Nothing was checked yet."""
    return World(client)


def test_a_check_is_made_when_it_is_due(world: World) -> None:
    """At once if none was ever made, then at each interval."""
    checked = world.run_once()
    assert checked is not None
    assert checked.mesh is not None
    world.state = replace(world.state, overlay_checked_at=world.now)
    world.now += HOUR_S - 1
    assert world.run_once() is None
    world.now += 1
    assert world.run_once() is not None
    assert len(world.reader.queries) == 2


def test_a_turn_does_not_wait_for_a_check(world: World) -> None:
    """The result comes in a later turn, and no second check begins before."""
    world.reader.goes_on.clear()
    assert [world.run_once(), world.run_once()] == [None, None]
    world.reader.goes_on.set()
    assert world.run_once() is not None
    assert len(world.reader.queries) == 1


def test_no_check_begins_while_a_change_runs(world: World) -> None:
    """Nor while one waits for its turn."""
    world.change(ended=False)
    assert world.run_once() is None
    assert world.reader.queries == []


def test_what_was_read_during_a_change_shows_nothing(world: World) -> None:
    """The change began and ended while the check ran: the check is made again soon."""
    world.reader.goes_on.clear()
    world.run_once()
    world.change(ended=True)
    world.reader.goes_on.set()
    assert world.run_once() is None
    world.now += HOUR_S
    assert world.run_once() is not None


@pytest.mark.parametrize(
    "unfit",
    [
        {"hosts": {"host-1": {"is": "leader"}}},
        {"readable": False},
        {"hosts": {"host-1": {"is": "leader"}, "host-2": {"is": "manager", "failure": "timed out"}}},
    ],
    ids=["one node", "not read", "no quorum"],
)
def test_a_cluster_that_is_not_fit_is_not_checked(world: World, unfit: dict[str, Any]) -> None:
    """Without a quorum, or with one node."""
    assert world.run_once(described(**unfit)) is None
    assert world.reader.queries == []


def test_a_blocked_route_is_confirmed_soon(world: World) -> None:
    """A signal that waits for a second check makes it come after a minute."""
    waiting = Tracked(Signal("overlay cut off", "", "critical", "blocked", world.now), world.now, world.now)
    world.state = WatchState(waiting=(waiting,), overlay_checked_at=world.now)
    world.now += CONFIRM_AFTER_S - 1
    assert world.run_once() is None
    world.now += 1
    assert world.run_once() is not None


def test_of_many_nodes_others_are_checked_each_time(world: World) -> None:
    """The manager each time, and each worker within as many checks as that takes."""
    workers = {f"host-{n}": {"is": "worker"} for n in range(2, 3 * MAX_CHECKED_NODES)}
    for _ in range(4):
        world.run_once(described(hosts={"host-1": {"is": "leader"}, **workers}))
        world.now += HOUR_S
    checked = [query.mesh_nodes for query in world.reader.queries]
    assert [len({*each}) for each in checked] == [MAX_CHECKED_NODES] * 4
    assert all("id-host-1" in each for each in checked)
    assert {node for each in checked for node in each} == {"id-host-1", *(f"id-{name}" for name in workers)}


@pytest.mark.parametrize("told", [False, True], ids=["waits for its confirmation", "told"])
def test_nodes_with_a_blocked_route_are_checked_each_time(*, told: bool) -> None:
    """So that a second check confirms it, and a later one sees its end."""
    facts = described(hosts={f"host-{n}": {"is": "leader" if n == 1 else "worker"} for n in range(1, 200)})
    assert facts.swarm is not None
    nodes = ("id-host-77", "id-host-140")
    each = Tracked(Signal("overlay cut off", "", "critical", "blocked", facts.at, nodes=nodes), facts.at, facts.at)
    incident = Incident("i1", "prod", each.signal.key, (each,), facts.at)
    state = WatchState(incidents=(incident,)) if told else WatchState(waiting=(each,))
    for turn in range(9):
        assert {*nodes, "id-host-1"} <= {*nodes_to_check(state, facts.swarm, turn)}
