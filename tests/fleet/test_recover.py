"""Recovery on real engines, with old managers that come back at its worst moments: one cluster, always."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import sleep
from typing import Any

import pytest

import handlers
from bot.commands import COMMANDS, Vocabulary, read_arguments
from bot.errors import EngineError, Refused, SwarmbotError
from bot.jobs.planning import let_through, planned
from bot.jobs.step import carry_out
from bot.plan import Engines, Facts, Look, Operation, Plan, RaftPosition
from bot.sandbox.fleet import Fleet
from bot.sandbox.fleet.shell import until
from bot.swarm.raft_log import last_position
from bot.swarm.reader import Reader
from tests.fleet.engine_kit import engines, init, joining

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(400)]

ALL = ("host-1", "host-2", "host-3", "host-4", "host-5")
LOST = ALL[2:]
PATIENCE = 150.0
"""Seconds in which the managers that came back must be managers of the one cluster; 50 to 90 were measured."""


class Recovery:
    """A cluster of five managers that loses three, and the recovery of it, step by step."""

    def __init__(self, fleet: Fleet, cluster: Engines) -> None:
        self.fleet = fleet
        self.cluster = cluster
        self.reader = Reader({})
        self.power = ThreadPoolExecutor(len(LOST))
        self.plan = Plan("", "", "")

    def read(self, look: Look) -> Facts:
        """What the bot sees."""
        return self.reader.read("prod", self.cluster, look)

    def lose(self) -> None:
        """Power three of five off, declare them gone, and have the recovery planned once the loss is noticed."""
        for name in LOST:
            self.fleet[name].power_off()
        command = COMMANDS["recover"]
        words = tuple(word for name in LOST for word in ("--gone", name))
        arguments = read_arguments(command, words, Vocabulary("prod", ALL))

        def is_planned() -> bool:
            with suppress(Refused):
                self.plan = planned(command, self.read(command.look(arguments)), arguments, "zone")
                return True
            return False

        until(is_planned, "the recovery is planned", timeout=60)

    def do(self, operation: Operation) -> None:
        """Carry one step out, as a worker would."""
        step = next(step for step in self.plan.steps if step.operation == operation)
        carry_out(operation, self.cluster, self.read, sleep, lambda facts: let_through(step, facts, self.plan))

    def come_back(self) -> None:
        """Power the lost ones on again, all at once: together they are a majority of the old cluster."""
        for name in LOST:
            self.power.submit(self.fleet[name].power_on, timeout=PATIENCE)

    def _view(self, name: str) -> Any:
        """What a manager believes: its cluster's id, and who is reachable in Raft and leads. Else why it cannot say."""
        try:
            swarm = self.cluster[name].info()["Swarm"]
            if not swarm["ControlAvailable"]:
                return swarm["LocalNodeState"]
            nodes = [(node["ID"], node.get("ManagerStatus") or {}) for node in self.cluster[name].nodes()]
        except SwarmbotError as error:
            return error.happened
        up = sorted((node, bool(of.get("Leader"))) for node, of in nodes if of.get("Reachability") == "reachable")
        return swarm["Cluster"]["ID"], tuple(up)

    def are_one(self, names: tuple[str, ...] = ALL) -> bool:
        """Whether these are the reachable managers of one Raft, and each of them says so."""
        first, *others = [self._view(name) for name in names]
        return isinstance(first, tuple) and len(first[1]) == len(names) and all(view == first for view in others)


@pytest.fixture
def recovery(hosts: Fleet) -> Iterator[Recovery]:
    """Five managers, each of which knows the config ``kept``."""
    assert handlers.__all__
    with engines(hosts) as cluster:
        remote = init(cluster, "host-1")
        token = cluster["host-1"].join_tokens().manager
        for name in ALL[1:]:
            cluster[name].join_swarm({**joining(cluster, name, remote), "Availability": "active"}, token)
        hosts["host-1"].docker("config", "create", "kept", "/etc/hostname")
        recovery = Recovery(hosts, cluster)
        until(recovery.are_one, "five managers are one cluster", timeout=30)
        yield recovery
        recovery.power.shutdown()
        recovery.reader.close()


def _assert_one_cluster(recovery: Recovery) -> None:
    """All five are managers of one Raft; what was there before is there, and a write on any is read on all."""
    until(recovery.are_one, "there is one cluster of five managers", timeout=PATIENCE)
    recovery.fleet[LOST[0]].docker("config", "create", "new", "/etc/hostname")
    for name in ALL:
        assert {"kept", "new"} <= set(recovery.fleet[name].docker("config", "ls", "--format", "{{.Name}}").split())


def test_they_come_back_before_anything_was_forced(recovery: Recovery) -> None:
    """A quorum that is there again is left alone: nobody else leaves, nothing is forced, who had left joins again."""
    recovery.lose()
    depart, forced, *others = (step.operation for step in recovery.plan.steps)
    assert (depart.kind, forced.kind) == ("depart", "init")
    recovery.do(depart)
    before = recovery.cluster["host-1"].info()["Swarm"]["NodeID"]
    recovery.come_back()
    until(lambda: recovery.are_one(("host-1", *LOST)), "four of five are one cluster again", timeout=PATIENCE)
    for operation in (forced, *others):
        recovery.do(operation)
    _assert_one_cluster(recovery)
    assert recovery.cluster["host-1"].info()["Swarm"]["NodeID"] == before


def test_they_come_back_just_after_it_was_forced(recovery: Recovery) -> None:
    """A majority of the old managers returns, all at once, while one manager stands alone: they are taken in.

    After all is done it is the same; tests/scenarios/test_recover.py does that.
    """
    recovery.lose()
    for operation in (step.operation for step in recovery.plan.steps):
        recovery.do(operation)
        if operation.kind == "init":
            recovery.come_back()
    _assert_one_cluster(recovery)


def test_the_end_of_a_manager_s_log_is_read_without_any_key(hosts: Fleet) -> None:
    """It moves with each write, alike on all managers, also where the engine is locked; a worker has none."""
    with engines(hosts) as cluster:
        remote = init(cluster, "host-1")
        tokens = cluster["host-1"].join_tokens()
        cluster["host-2"].join_swarm(joining(cluster, "host-2", remote), tokens.manager)
        cluster["host-3"].join_swarm(joining(cluster, "host-3", remote), tokens.worker)
        swarm = cluster["host-1"].swarm()
        spec = {**swarm["Spec"], "EncryptionConfig": {"AutoLockManagers": True}}
        cluster["host-1"].update_swarm(swarm["Version"]["Index"], spec)

        def ends() -> list[RaftPosition | None]:
            return [last_position(cluster[name].raft_log()) for name in ("host-1", "host-2")]

        until(lambda: len(set(ends())) == 1, "both logs end alike")
        before = ends()[0]
        hosts["host-1"].docker("config", "create", "more", "/etc/hostname")
        until(lambda: len(set(ends())) == 1 and ends()[0] != before, "both logs have gone on")
        now = ends()[1]
        assert before
        assert now
        assert now > before
        hosts["host-2"].stop_docker()
        hosts["host-2"].start_docker()
        assert cluster["host-2"].info()["Swarm"]["LocalNodeState"] == "locked"
        locked = ends()[1]
        assert locked
        assert locked >= now
        with pytest.raises(EngineError, match="Raft log"):
            cluster["host-3"].raft_log()
