"""Random commands, power cuts and partitions on five real engines: no command of the bot loses the quorum.

The engines decide whether there is a quorum: one of them accepts a write. Faults leave enough managers that reach each
other, so only a command can lose the quorum. The next command follows at once, before a fault is noticed.

``QUORUM_SEEDS="1 2 3" QUORUM_ROUNDS=20 pytest tests/fleet/test_quorum_random.py`` runs other seeds and more rounds.
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
from tests.kits.host_faults import Fault, HostFaults, Kind
from tests.kits.orders import Bot, Ended

TELLING: Final = 446
"""Chances that need the gate: two followers are cut off from each other, and the leader is to be demoted."""
SEEDS: Final = [*map(int, os.environ.get("QUORUM_SEEDS", str(TELLING)).split())]
ROUNDS: Final = int(os.environ.get("QUORUM_ROUNDS", "7"))
STAY: Final = ("drain {}", "pause {}", "activate {}", "label {} zone=a")
AWAY: Final = (*["demote {} --force"] * 3, *["leave {} --force"] * 2, "remove {} --force", "demote {}", "backup {}")
IN: Final = (*["promote {}"] * 2, "join manager {}", "join worker {}", "leave {} --force", *STAY)
"""What is ordered of managers, and of all others; left out is what test_quorum_gate_stateful.py leaves out."""
KINDS: Final[tuple[Kind, ...]] = ("power", "cable", "peers", "swarm_port", "swarm_port", "ssh")
KEY: Final = Secret("of these tests")
ELECTION: Final = 75.0
"""Seconds in which Raft has a leader again if it can: 12 to 15 after a leader's death, 47 after a partition's end."""
PATIENCE: Final = 15.0
"""Seconds after which the worker is taken for killed in the middle of its plan."""

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(150 * ROUNDS)]


class RandomCluster:
    """The fleet as one cluster of the bot, and its real state."""

    def __init__(self, fleet: Fleet, cluster: ClusterEngines, reader: FactsReader) -> None:
        self.fleet = fleet
        self.cluster = cluster
        self.host_faults = HostFaults(fleet)
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
        """Return facts as jobs read them."""
        return self._reader.read("prod", self.cluster, query)

    def has_quorum(self, patience: float = ELECTION) -> bool:
        """Return whether the managers accept a write, possibly after an election."""
        deadline = monotonic() + patience
        while True:
            if any(map(self._takes_a_write, self._asked())):
                return True
            if monotonic() > deadline:
                return False
            sleep(0.2)  # nothing tells when an election has ended

    def _asked(self) -> Iterator[Engine]:
        return (self.cluster[host.name] for host in self.fleet if self.host_faults.bot_reaches(host.name))

    def _takes_a_write(self, engine: Engine) -> bool:
        with suppress(EngineError, HostUnreachable):
            swarm = engine.info()["Swarm"]
            if swarm["ControlAvailable"]:
                self._writes += 1
                labels = {"write": str(self._writes)}
                update_node_spec(engine, swarm["NodeID"], lambda spec: {**spec, "Labels": labels})
                return True
        return False

    def node_id(self, host: str) -> str:
        """Return the node id of a host."""
        return str(self.cluster[host].info()["Swarm"]["NodeID"])

    def tolerates(self, fault: Fault) -> bool:
        """Return whether a quorum is left with this fault."""
        managers = self.managers()
        return self.host_faults.allows(fault, managers, len(managers) // 2 + 1)

    def managers(self) -> list[str]:
        """Return the hosts of Raft's members, as reported by one of them."""
        for engine in self._asked():
            with suppress(EngineError, HostUnreachable):
                records = [record for record in engine.nodes() if record.get("ManagerStatus")]
                return sorted(record["Description"]["Hostname"] for record in records)
        return []

    def ended(self) -> bool:
        """Return whether the last manager has left, which two people approved."""
        return not any(host.up and _can_be_manager(host) for host in self.fleet)


def _can_be_manager(host: Host) -> bool:
    """Return the role from the host's own engine, without the bot. It takes over 10 s without a leader."""
    try:
        return host.docker("info", "--format", "{{.Swarm.ControlAvailable}}").strip() == "true"
    except Failed:
        return True


@pytest.fixture
def cluster(hosts: Fleet, tmp_path: Path) -> Iterator[RandomCluster]:
    """Three managers and a worker, created by commands."""
    reader = FactsReader({})
    with engines(hosts) as cluster:
        cluster.backup_store = BackupFolder("prod", tmp_path / "backups", 3, KEY)
        random_cluster = RandomCluster(hosts, cluster, reader)
        for words in ("init host-1", "join manager host-2 host-3", "join worker host-4"):
            assert random_cluster.order(words) == "done"
        yield random_cluster
    reader.close()


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_random_commands_never_lose_the_quorum(cluster: RandomCluster, seed: int) -> None:
    """While hosts fail and return, the managers keep the quorum, for every command.

    The test begins with a power cut of a manager and ends without faults.
    """
    history: list[str] = []
    for _ in _rounds(cluster, seed, history):
        if cluster.ended():
            break
        assert cluster.has_quorum(), "; ".join(history)
    for fault in sorted(cluster.host_faults.faults):
        _fix(cluster, fault, history)
        assert cluster.ended() or cluster.has_quorum(), "; ".join(history)
    for end in ("done", "refused"):
        assert any(line.endswith(f": {end}") for line in history), f"nothing was {end}: {'; '.join(history)}"


@pytest.mark.long
def test_without_the_gate_the_quorum_is_lost(cluster: RandomCluster) -> None:
    """The control: the same random commands without the quorum gate.

    Engines do not refuse to demote a leader although only the leader reaches both of the others.
    """
    history: list[str] = []
    lost = any(not cluster.has_quorum(patience=5) for _ in _rounds(cluster, TELLING, history, gate=False))
    assert lost, "; ".join(history)


def _rounds(cluster: RandomCluster, seed: int, history: list[str], *, gate: bool = True) -> Iterator[None]:
    """Inject or undo a fault and run a command, repeatedly; ``history`` records each result."""
    chance = Random(seed)  # noqa: S311 - the same chances at every run
    _break(cluster, ("power", chance.choice(cluster.managers()), ""), history)
    for number in range(ROUNDS):
        if number:
            _break_or_fix(cluster, chance, history)
        words = _words(cluster, chance)
        history.append(f"{words}: {cluster.order(words, gate=gate)}")
        yield


def _words(cluster: RandomCluster, chance: Random) -> str:
    managers = cluster.managers()
    others = sorted({host.name for host in cluster.fleet} - {*managers})
    if managers and (not others or chance.random() < 0.6):
        return chance.choice(AWAY).format(chance.choice(managers))
    return chance.choice(IN).format(chance.choice(others))


def _break_or_fix(cluster: RandomCluster, chance: Random, history: list[str]) -> None:
    faults = sorted(cluster.host_faults.faults)
    if faults and chance.random() < 0.5:
        _fix(cluster, chance.choice(faults), history)
        return
    kind = chance.choice(KINDS)
    one, other = chance.sample([host.name for host in cluster.fleet], 2)
    fault: Fault = (kind, one, other if kind == "swarm_port" else "")
    if fault not in faults and cluster.tolerates(fault):
        _break(cluster, fault, history)


def _break(cluster: RandomCluster, fault: Fault, history: list[str]) -> None:
    cluster.host_faults.inject(fault)
    history.append(f"fault: {' '.join(fault)}")


def _fix(cluster: RandomCluster, fault: Fault, history: list[str]) -> None:
    cluster.host_faults.fix(fault)
    history.append(f"whole again: {' '.join(fault)}")


def test_without_the_gate_a_forced_leave_loses_the_quorum(cluster: RandomCluster) -> None:
    """The control for a step that no engine refuses; the bot uses it only if no manager is left to see it."""
    assert cluster.order("demote host-3 --force") == "done"
    operation = Leave("host-2", "prod", cluster.node_id("host-2"), force=True, unseen=True)
    plan = Plan(PlanTitles("goes", "go", "gone", "not gone"), (Step(operation, "one"),), force="given", subject=FORCE)
    with pytest.raises(Refused, match="would lose quorum"):
        carry_out(
            operation, cluster.cluster, cluster.read, sleep, lambda facts: permit_step(facts, plan, plan.steps[0])
        )
    assert cluster.has_quorum()
    operation.apply(cluster.cluster, cluster.read(operation.query))
    assert not cluster.has_quorum(patience=5), "a cluster with a quorum has a leader at once"
