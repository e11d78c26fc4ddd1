"""Random orders, power cuts and returns on five real engines: no order of the bot's loses the quorum.

Whether there is a quorum is the engines' own word: a write that one of them takes. Plugs are pulled only where enough
managers are left, so that whatever is lost is lost by an order; the next order follows at once, before anybody notices.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from random import Random
from time import monotonic, sleep
from typing import Final

import pytest

from bot.engine.pool import ClusterEngines
from bot.errors import EngineError, HostUnreachable, Refused
from bot.jobs.step import carry_out
from bot.plan import Facts, Look, Plan, Step
from bot.sandbox.fleet import Fleet
from bot.swarm.operations import Leave
from bot.swarm.operations.records import update_record
from bot.swarm.quorum import FORCE, permit, quorum_of
from bot.swarm.reader import Reader
from tests.fleet.engine_kit import engines
from tests.ordered import Bot

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(300)]

ROUNDS: Final = 7
ORDERS: Final = (
    *["demote {} --force"] * 3,
    *["leave {} --force"] * 2,
    *["promote {}"] * 3,
    "remove {} --force",
    "join manager {}",
    "drain {}",
    "activate {}",
)
ELECTION: Final = 45.0
"""Seconds in which Raft has a leader again if it can: 12 to 15 after a leader's death, and a write may hang 20."""


class World:
    """The fleet as a cluster of the bot's, and what is true of it."""

    def __init__(self, fleet: Fleet, cluster: ClusterEngines, reader: Reader) -> None:
        self.fleet = fleet
        self.cluster = cluster
        self._reader = reader
        self._writes = 0
        self.bot = Bot(cluster, self.read, sleep)

    def read(self, look: Look) -> Facts:
        """Facts, as jobs read them."""
        return self._reader.read("prod", self.cluster, look)

    def decides(self, patience: float = ELECTION) -> bool:
        """Whether the managers take a write, be it after an election."""
        deadline = monotonic() + patience
        while True:
            for host in self.fleet:
                if host.up and self._takes_a_write(host.name):
                    return True
            if monotonic() > deadline:
                return False
            sleep(0.2)  # nothing tells when an election has ended

    def _takes_a_write(self, host: str) -> bool:
        engine = self.cluster[host]
        with suppress(EngineError, HostUnreachable):
            swarm = engine.info()["Swarm"]
            if swarm["ControlAvailable"]:
                self._writes += 1
                labels = {"write": str(self._writes)}
                update_record(engine, swarm["NodeID"], lambda spec: {**spec, "Labels": labels})
                return True
        return False

    def may_lose(self, name: str) -> bool:
        """Whether a host can be switched off with a quorum left among those that run."""
        facts = self.read(Look(all_hosts=True))
        if facts.swarm is None:
            return False
        quorum = quorum_of(facts.swarm)
        running = [node.host for node in facts.swarm.managers if node.reachability and self.fleet[node.host].up]
        return len(set(running) - {name}) >= quorum.needed

    def ended(self) -> bool:
        """Whether the last manager has left, as two others agreed to."""
        return not any(host.up and self._may_manage(host.name) for host in self.fleet)

    def _may_manage(self, host: str) -> bool:
        """A manager's engine may take more than 10 s to say so while there is no leader."""
        try:
            return bool(self.cluster[host].info()["Swarm"]["ControlAvailable"])
        except EngineError:
            return True


@pytest.fixture
def world(hosts: Fleet) -> Iterator[World]:
    """Three managers and a worker, made by orders."""
    reader = Reader({})
    with engines(hosts) as cluster:
        world = World(hosts, cluster, reader)
        for words in ("init host-1", "join manager host-2 host-3", "join worker host-4"):
            assert world.bot.order(words) == "done"
        yield world
    reader.close()


@pytest.mark.parametrize("seed", [7])
def test_random_orders_never_lose_the_quorum(world: World, seed: int) -> None:
    """Whatever is ordered while hosts die and return, the managers go on deciding."""
    chance = Random(seed)  # noqa: S311 - the same chances at every run
    history: list[str] = []
    for _ in range(ROUNDS):
        _pull_or_plug(world, chance, history)
        words = chance.choice(ORDERS).format(f"host-{chance.randint(1, 5)}")
        history.append(f"{words}: {world.bot.order(words)}")
        if world.ended():
            break
        assert world.decides(), history
    assert any(line.endswith(": done") for line in history), "an order that does nothing proves nothing"


def _pull_or_plug(world: World, chance: Random, history: list[str]) -> None:
    name = f"host-{chance.randint(1, 5)}"
    host = world.fleet[name]
    if not host.up:
        host.power_on()
        history.append(f"{name} returns")
    elif chance.random() < 0.6 and world.may_lose(name):
        host.power_off()
        history.append(f"{name} dies")


def test_without_the_gate_an_order_loses_it(world: World) -> None:
    """The control: a forced leave, which engines do not guard, refused by the gate and carried out without it."""
    assert world.bot.order("demote host-3 --force") == "done"
    operation = Leave("host-2", "prod", world.cluster["host-2"].info()["Swarm"]["NodeID"], force=True, unseen=True)

    def gate(facts: Facts) -> None:
        permit(facts, plan, plan.steps[0])

    plan = Plan("leaves", "left", "not left", (Step(operation, "host-2"),), force="given", subject=FORCE)
    with pytest.raises(Refused, match="without a quorum"):
        carry_out(operation, world.cluster, world.read, sleep, gate)
    assert world.decides()
    carry_out(operation, world.cluster, world.read, sleep, lambda *_: None)
    assert not world.decides(patience=20)
