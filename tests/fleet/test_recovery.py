"""Recovery on real engines, with old managers that come back at its worst moments: one cluster, always."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.errors import EngineError
from bot.model import RaftPosition
from bot.swarm.reading.raft_log import position
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.engines import engines, init, joining
from tests.kits.recovery import ALL, PATIENCE, Recovery
from tests.kits.split_brain_watch import Watch

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(400)]

LOST = ALL[2:]


@pytest.fixture
def recovery(hosts: Fleet) -> Iterator[Recovery]:
    """Five managers, each of which knows the config ``kept``."""
    with engines(hosts) as cluster, Recovery(hosts, cluster) as recovery:
        yield recovery


@pytest.mark.long
def test_they_come_back_before_anything_was_forced(recovery: Recovery) -> None:
    """A quorum that is there again is left alone: nobody else leaves, nothing is forced, who had left joins again."""
    recovery.lose(off=LOST)
    depart, forced, *others = recovery.steps
    assert (depart.kind, forced.kind) == ("leave-lost-cluster", "init")
    recovery.do(depart)
    before = recovery.cluster["host-1"].info()["Swarm"]["NodeID"]
    recovery.come_back(*LOST)
    until(lambda: recovery.are_one(("host-1", *LOST)), "four of five are one cluster again", timeout=PATIENCE)
    for operation in (forced, *others):
        recovery.do(operation)
    recovery.assert_one_cluster()
    assert recovery.cluster["host-1"].info()["Swarm"]["NodeID"] == before


def test_they_come_back_just_after_it_was_forced(recovery: Recovery) -> None:
    """A majority of the old managers returns, all at once, while one manager stands alone: they are taken in.

    After all is done it is the same; tests/scenarios/test_recover.py does that.
    """
    recovery.lose(off=LOST)
    with Watch(recovery.fleet) as watch:
        for operation in recovery.steps:
            recovery.do(operation)
            if operation.kind == "init":
                recovery.come_back(*LOST)
        recovery.assert_one_cluster()
    assert watch.rounds
    assert watch.apart == []


@pytest.mark.long
@pytest.mark.parametrize(("step", "beside"), [(0, False), (1, False), (1, True), (2, False), (3, False), (3, True)])
def test_they_come_back_beside_any_step(recovery: Recovery, step: int, beside: bool) -> None:  # noqa: FBT001 - pytest's
    """A majority of the old managers returns, all at once, as a step begins or just after: in the end there is one.

    What is refused meanwhile may be refused; who was made to leave and did not join again is out.
    """
    recovery.lose(off=LOST)
    assert [operation.kind for operation in recovery.steps] == [
        "leave-lost-cluster",
        "init",
        "remove-old-records",
        "rejoin",
    ]
    with Watch(recovery.fleet) as watch:
        ended = recovery.play(step, LOST, beside=beside)
        recovery.await_up(LOST)
        recovery.assert_one_cluster(recovery.members())
    recovery.tell(watch, ended)
    assert watch.rounds
    assert watch.apart == []


def test_the_watch_sees_two_clusters(hosts: Fleet) -> None:
    """The control of the tests above: where two managers both take writes, and none reads the other's, it says so."""
    with engines(hosts) as cluster:
        for name in ALL[:2]:
            init(cluster, name)
        with Watch(hosts) as watch:
            until(lambda: bool(watch.apart), "it is told")
        assert watch.apart[0].startswith("host-1, host-2 ")


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
