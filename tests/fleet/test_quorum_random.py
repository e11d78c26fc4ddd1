"""Random orders, power cuts and partitions on five real engines: no order of the bot's loses the quorum.

Whether there is a quorum is the engines' own word: a write that one of them takes. Something is broken only where
enough managers are left that hear each other, so that whatever is lost is lost by an order; the next order follows at
once, before anybody notices.

``QUORUM_SEEDS="1 2 3" QUORUM_ROUNDS=20 pytest tests/fleet/test_quorum_random.py`` plays other chances, and longer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Final

import pytest

from bot.backups.folder import BackupFolder
from bot.engine.pool import ClusterEngines
from bot.errors import EngineError, Failed, HostUnreachable, Refused
from bot.execution.step_run import carry_out
from bot.model import Engine, Facts, FactsQuery, Plan, PlanTitles, Step
from bot.queue.lease import LeaseLost
from bot.secrets.secret import Secret
from bot.swarm.operations import Leave
from bot.swarm.operations.spec_updates import update_node_spec
from bot.swarm.quorum import FORCE, permit_step
from bot.swarm.reading.facts_reader import FactsReader
from sandbox.fleet import Fleet, Host
from tests.kits.engines import engines
from tests.kits.host_faults import Broken, Fault, Kind
from tests.kits.orders import Bot, Ended

TELLING: Final = 446
"""Chances that need the gate: two followers are cut off from each other, and the leader is to be demoted."""
SEEDS: Final = [*map(int, os.environ.get("QUORUM_SEEDS", str(TELLING)).split())]
ROUNDS: Final = int(os.environ.get("QUORUM_ROUNDS", "7"))
STAY: Final = ("drain {}", "pause {}", "activate {}", "label {} zone=a")
AWAY: Final = (*["demote {} --force"] * 3, *["leave {} --force"] * 2, "remove {} --force", "demote {}", "backup {}")
IN: Final = (*["promote {}"] * 2, "join manager {}", "join worker {}", "leave {} --force", *STAY)
"""What is ordered of managers, and of all others; left out is what test_gate_stateful.py leaves out."""
KINDS: Final[tuple[Kind, ...]] = ("power", "cable", "peers", "way", "way", "ssh")
KEY: Final = Secret("of these tests")
ELECTION: Final = 75.0
"""Seconds in which Raft has a leader again if it can: 12 to 15 after a leader's death, 47 after a partition's end."""
PATIENCE: Final = 15.0
"""Seconds after which the worker is taken for killed in the middle of its plan."""

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(150 * ROUNDS)]


class World:
    """The fleet as a cluster of the bot's, and what is true of it."""

    def __init__(self, fleet: Fleet, cluster: ClusterEngines, reader: FactsReader) -> None:
        self.fleet = fleet
        self.cluster = cluster
        self.broken = Broken(fleet)
        self._reader = reader
        self._writes = 0
        self._until = 0.0
        self._bot = Bot(cluster, self.read, self._pause)

    def order(self, words: str, *, gate: bool = True) -> Ended:
        """Do as the words say; return how it ended."""
        self._until = monotonic() + PATIENCE
        return replace(self._bot, gate=gate).order(words)

    def _pause(self, seconds: float) -> None:
        if monotonic() > self._until:
            raise LeaseLost("k7f3")
        sleep(seconds)

    def read(self, query: FactsQuery) -> Facts:
        """Facts, as jobs read them."""
        return self._reader.read("prod", self.cluster, query)

    def decides(self, patience: float = ELECTION) -> bool:
        """Whether the managers take a write, be it after an election."""
        deadline = monotonic() + patience
        while True:
            if any(map(self._takes_a_write, self._asked())):
                return True
            if monotonic() > deadline:
                return False
            sleep(0.2)  # nothing tells when an election has ended

    def _asked(self) -> Iterator[Engine]:
        return (self.cluster[host.name] for host in self.fleet if self.broken.asked(host.name))

    def _takes_a_write(self, engine: Engine) -> bool:
        with suppress(EngineError, HostUnreachable):
            swarm = engine.info()["Swarm"]
            if swarm["ControlAvailable"]:
                self._writes += 1
                labels = {"write": str(self._writes)}
                update_node_spec(engine, swarm["NodeID"], lambda spec: {**spec, "Labels": labels})
                return True
        return False

    def node(self, host: str) -> str:
        """The id of a host's node."""
        return str(self.cluster[host].info()["Swarm"]["NodeID"])

    def may_break(self, fault: Fault) -> bool:
        """Whether a quorum is left with it."""
        managers = self.managers()
        return self.broken.allows(fault, managers, len(managers) // 2 + 1)

    def managers(self) -> list[str]:
        """The hosts of Raft's members, as one of them tells it."""
        for engine in self._asked():
            with suppress(EngineError, HostUnreachable):
                records = [record for record in engine.nodes() if record.get("ManagerStatus")]
                return sorted(record["Description"]["Hostname"] for record in records)
        return []

    def ended(self) -> bool:
        """Whether the last manager has left, as two others agreed to."""
        return not any(host.up and _may_manage(host) for host in self.fleet)


def _may_manage(host: Host) -> bool:
    """As its own engine says, which the bot may not reach; it takes more than 10 s while there is no leader."""
    try:
        return host.docker("info", "--format", "{{.Swarm.ControlAvailable}}").strip() == "true"
    except Failed:
        return True


@pytest.fixture
def world(hosts: Fleet, tmp_path: Path) -> Iterator[World]:
    """Three managers and a worker, made by orders."""
    reader = FactsReader({})
    with engines(hosts) as cluster:
        cluster.backup_store = BackupFolder("prod", tmp_path / "backups", 3, KEY)
        world = World(hosts, cluster, reader)
        for words in ("init host-1", "join manager host-2 host-3", "join worker host-4"):
            assert world.order(words) == "done"
        yield world
    reader.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_random_orders_never_lose_the_quorum(world: World, seed: int) -> None:
    """Whatever is ordered while hosts die, are cut off and return, the managers go on deciding.

    It begins with a manager's power cut, and in the end all is whole again.
    """
    history: list[str] = []
    for _ in _rounds(world, seed, history):
        if world.ended():
            break
        assert world.decides(), "; ".join(history)
    for fault in sorted(world.broken.faults):
        _mend(world, fault, history)
        assert world.ended() or world.decides(), "; ".join(history)
    for end in ("done", "refused"):
        assert any(line.endswith(f": {end}") for line in history), f"nothing was {end}: {'; '.join(history)}"


def test_without_the_gate_the_same_orders_lose_it(world: World) -> None:
    """The control: the same chances, and nobody asks the gate.

    Engines do not guard the demotion of a leader that alone hears both of the others.
    """
    history: list[str] = []
    lost = any(not world.decides(patience=5) for _ in _rounds(world, TELLING, history, gate=False))
    assert lost, "; ".join(history)


def _rounds(world: World, seed: int, history: list[str], *, gate: bool = True) -> Iterator[None]:
    """Break or mend something and order something, again and again; ``history`` has how each ended."""
    chance = Random(seed)  # noqa: S311 - the same chances at every run
    _break(world, ("power", chance.choice(world.managers()), ""), history)
    for number in range(ROUNDS):
        if number:
            _break_or_mend(world, chance, history)
        words = _words(world, chance)
        history.append(f"{words}: {world.order(words, gate=gate)}")
        yield


def _words(world: World, chance: Random) -> str:
    managers = world.managers()
    others = sorted({host.name for host in world.fleet} - {*managers})
    if managers and (not others or chance.random() < 0.6):
        return chance.choice(AWAY).format(chance.choice(managers))
    return chance.choice(IN).format(chance.choice(others))


def _break_or_mend(world: World, chance: Random, history: list[str]) -> None:
    faults = sorted(world.broken.faults)
    if faults and chance.random() < 0.5:
        _mend(world, chance.choice(faults), history)
        return
    kind = chance.choice(KINDS)
    one, other = chance.sample([host.name for host in world.fleet], 2)
    fault: Fault = (kind, one, other if kind == "way" else "")
    if fault not in faults and world.may_break(fault):
        _break(world, fault, history)


def _break(world: World, fault: Fault, history: list[str]) -> None:
    world.broken.strike(fault)
    history.append(f"broken: {' '.join(fault)}")


def _mend(world: World, fault: Fault, history: list[str]) -> None:
    world.broken.fix(fault)
    history.append(f"whole again: {' '.join(fault)}")


def test_without_the_gate_a_forced_leave_loses_it(world: World) -> None:
    """The control of a step that no engine guards; the bot orders it only where no manager is left to see it."""
    assert world.order("demote host-3 --force") == "done"
    operation = Leave("host-2", "prod", world.node("host-2"), force=True, unseen=True)
    plan = Plan(PlanTitles("goes", "go", "gone", "not gone"), (Step(operation, "one"),), force="given", subject=FORCE)
    with pytest.raises(Refused, match="would lose quorum"):
        carry_out(operation, world.cluster, world.read, sleep, lambda facts: permit_step(facts, plan, plan.steps[0]))
    assert world.decides()
    operation.apply(world.cluster, world.read(operation.query))
    assert not world.decides(patience=5), "a cluster with a quorum has a leader at once"
