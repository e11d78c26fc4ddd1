"""Recovery on real engines while old managers return at the worst moments: there is always one cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from bot.errors import EngineError
from bot.model import RaftPosition
from bot.swarm.reading.raft_log import position
from sandbox.fleet import Fleet
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.engines import engines, init, joining
from tests.kits.recovery import ALL, REJOIN_TIMEOUT_S, Recovery
from tests.kits.split_brain_watch import SplitBrainWatch

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(400)]

LOST = ALL[2:]


@pytest.fixture
def recovery(hosts: Fleet) -> Iterator[Recovery]:
    """Five managers that all know the config ``kept``."""
    with engines(hosts) as cluster, Recovery(hosts, cluster) as recovery:
        yield recovery


@pytest.mark.long
def test_managers_return_before_force_new_cluster(recovery: Recovery) -> None:
    """With the quorum back, no other manager leaves, nothing is forced, and those that left join again."""
    recovery.lose(off=LOST)
    depart, forced, *others = recovery.steps
    assert (depart.kind, forced.kind) == ("leave-lost-cluster", "init")
    recovery.do(depart)
    before = recovery.cluster["host-1"].info()["Swarm"]["NodeID"]
    recovery.come_back(*LOST)
    until(lambda: recovery.are_one(("host-1", *LOST)), "four of five are one cluster again", timeout=REJOIN_TIMEOUT_S)
    for operation in (forced, *others):
        recovery.do(operation)
    recovery.assert_one_cluster()
    assert recovery.cluster["host-1"].info()["Swarm"]["NodeID"] == before


@pytest.mark.long
def test_an_engine_that_stops_its_swarm_too_late_is_restarted_and_forced(recovery: Recovery) -> None:
    """Frozen for more than the 15 s that an engine gives its swarm to stop, it does not force the new cluster."""
    recovery.lose(off=LOST)
    depart, first, restart, second, *others = recovery.steps
    recovery.do(depart)
    frozen = recovery.power.submit(_freeze_while_it_stops, recovery)
    tried = recovery.do(first)
    frozen.result()
    assert "was not forced" in first.seen(tried.facts)
    assert recovery.cluster["host-1"].info()["Swarm"]["NodeID"] == "", "which tells a swarm that has stopped"
    for operation in (restart, second):
        assert recovery.do(operation).changed
    for operation in others:
        recovery.do(operation)
    recovery.assert_one_cluster(ALL[:2])


def _freeze_while_it_stops(recovery: Recovery) -> None:
    def stops() -> bool:
        with suppress(EngineError):
            return "control.sock" in recovery.cluster["host-1"].info()["Swarm"]["Error"]
        return False

    until(stops, "the swarm of host-1 stops", timeout=60)
    frozen = "kill -STOP $(cat /run/docker.pid); sleep 16; kill -CONT $(cat /run/docker.pid)"
    recovery.fleet["host-1"].run("sh", "-c", frozen)


@pytest.mark.long
def test_the_forced_engine_makes_networks(recovery: Recovery) -> None:
    """With published ports it may lose its networks when it is forced; then it is restarted, and the task runs."""
    host = recovery.fleet["host-1"]
    host.docker("network", "create", "--driver", "overlay", "front")
    words = ("--detach", "--no-resolve-image", "--mode", "global", "--network", "front", "--publish", "8080:80")
    host.docker("service", "create", "--name", "web", *words, TASK_IMAGE)
    until(lambda: bool(host.docker("ps", "--quiet").strip()), "its task runs", timeout=60)
    recovery.lose(off=LOST)
    for operation in recovery.steps:
        recovery.do(operation)
    host.docker("network", "create", "--driver", "overlay", "back")
    until(lambda: bool(host.docker("ps", "--quiet").strip()), "its task runs again", timeout=60)
    assert "swarmbot-check" not in host.docker("network", "ls")


@pytest.mark.long
def test_managers_return_after_force_new_cluster(recovery: Recovery) -> None:
    """A majority of the old managers returns at once while one manager is alone: they become members again.

    tests/scenarios/test_recover.py covers their return after the end.
    """
    recovery.lose(off=LOST)
    with SplitBrainWatch(recovery.fleet) as watch:
        for operation in recovery.steps:
            recovery.do(operation)
            if operation.kind == "init" and operation == recovery.steps[1]:
                recovery.come_back(*LOST)
        recovery.assert_one_cluster()
    assert watch.rounds
    assert watch.apart == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("step", "beside"), [(0, False), (1, False), (1, True), (4, False), (5, False), (6, False), (6, True)]
)
def test_managers_return_during_any_step(recovery: Recovery, step: int, beside: bool) -> None:  # noqa: FBT001 - pytest's
    """A majority of the old managers returns at once when a step begins or just after: in the end there is one cluster.

    Steps may be refused meanwhile; a manager that was made to leave and did not join again is outside.
    """
    recovery.lose(off=LOST)
    assert [operation.kind for operation in recovery.steps] == [
        "leave-lost-cluster",
        "init",
        "restart-stopped-swarm",
        "init",
        "remove-old-records",
        "rejoin",
        "regain-networks",
    ]
    with SplitBrainWatch(recovery.fleet) as watch:
        ended = recovery.run(step, LOST, during=beside)
        recovery.await_up(LOST)
        recovery.assert_one_cluster(recovery.members())
    recovery.tell(watch, ended)
    assert watch.rounds
    assert watch.apart == []


def test_the_watch_detects_two_clusters(hosts: Fleet) -> None:
    """The control: it reports two managers that both accept writes which the other one does not have."""
    with engines(hosts) as cluster:
        for name in ALL[:2]:
            init(cluster, name)
        with SplitBrainWatch(hosts) as watch:
            until(lambda: bool(watch.apart), "it is told")
        assert watch.apart[0].startswith("host-1, host-2 ")


def test_the_raft_log_position_needs_no_key(hosts: Fleet) -> None:
    """It changes with each write, equally on all managers, also if the engine is locked; a worker has none."""
    with engines(hosts) as cluster:
        remote = init(cluster, "host-1")
        tokens = cluster["host-1"].join_tokens()
        cluster["host-2"].join_swarm(joining(cluster, "host-2", remote), tokens.manager)
        cluster["host-3"].join_swarm(joining(cluster, "host-3", remote), tokens.worker)
        swarm = cluster["host-1"].swarm()
        spec = {**swarm["Spec"], "EncryptionConfig": {"AutoLockManagers": True}}
        cluster["host-1"].update_swarm(swarm["Version"]["Index"], spec)

        def ends() -> list[RaftPosition]:
            return [position(cluster[name].last_raft_entry()) for name in ("host-1", "host-2")]

        until(lambda: len(set(ends())) == 1, "both logs end alike")
        before = ends()[0]
        hosts["host-1"].docker("config", "create", "more", "/etc/hostname")
        until(lambda: len(set(ends())) == 1 and ends()[0] != before, "both logs have gone on")
        now = ends()[1]
        assert now > before
        hosts["host-2"].stop_docker()
        hosts["host-2"].start_docker()
        assert cluster["host-2"].info()["Swarm"]["LocalNodeState"] == "locked"
        locked = ends()[1]
        assert locked >= now
        with pytest.raises(EngineError, match=r"Raft log.*No such file"):
            cluster["host-3"].last_raft_entry()
