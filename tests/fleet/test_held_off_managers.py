"""Old managers with stopped engines are held off on real hosts: when they start, they are not part of any cluster."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest

from bot.errors import EngineError
from bot.model import Engine, FactsQuery
from bot.swarm.reading.facts_reader import FactsReader
from bot.swarm.reading.raft_log import position
from sandbox.fleet import Fleet, Host
from sandbox.fleet.shell import until
from tests.kits.engines import engines, init, joining
from tests.kits.recovery import ALL, Recovery
from tests.kits.split_brain_watch import SplitBrainWatch

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(300)]

STOPPED = ALL[2:]


def test_a_stopped_engines_state_is_read_and_moved(hosts: Fleet) -> None:
    """Cluster and age are read; the state is moved completely, once, and the engine starts outside any swarm."""
    with engines(hosts) as cluster:
        remote = init(cluster, "host-1")
        cluster["host-2"].join_swarm(joining(cluster, "host-2", remote), cluster["host-1"].join_tokens().manager)
        node = cluster["host-2"].info()["Swarm"]["NodeID"]
        for ask in (cluster["host-2"].stopped, cluster["host-2"].hold_off):
            with pytest.raises(EngineError, match="has a running engine"):
                ask()
        hosts["host-2"].stop_docker()
        found = cluster["host-2"].stopped()
        swarm = hosts["host-2"].folder / "data/swarm"
        assert (found.folder, found.held_off) == (str(swarm), False)
        assert (found.node_id, found.address) == (node, hosts["host-2"].address)
        assert position(cluster["host-2"].last_raft_entry()).index
        files = _files_of(hosts["host-2"], "swarm")
        for _ in range(2):
            cluster["host-2"].hold_off()
        aside = cluster["host-2"].stopped()
        assert (aside.held_off, aside.node_id, aside.address) == (True, node, hosts["host-2"].address)
        assert not swarm.exists()
        assert _files_of(hosts["host-2"], "swarm.held-off-*") == files
        hosts["host-2"].start_docker()
        assert _membership(cluster["host-2"]) == "inactive"


def test_failures_to_hold_off_are_reported(hosts: Fleet) -> None:
    """Missing state, missing permission and an unknown or wrong data folder are reported with the next step."""
    for name in ("host-1", "host-2"):
        hosts[name].stop_docker()
    with engines(hosts) as cluster, pytest.raises(EngineError, match="there is no swarm state in"):
        cluster["host-1"].stopped()
    with (
        engines(hosts, ssh={"user": "deploy"}) as cluster,
        pytest.raises(EngineError, match="does not let `deploy` do this") as told,
    ):
        cluster["host-1"].stopped()
    assert "sudo" in told.value.next_step
    named = {**hosts.ssh["engine"], "data_root": "/srv/none"}
    with engines(hosts, host_1={"engine": named}) as cluster, pytest.raises(EngineError, match="is not the data root"):
        cluster["host-1"].stopped()
    (hosts["host-2"].folder / "docker-etc/daemon.json").write_text("{}")
    with engines(hosts) as cluster, closing(FactsReader({})) as reader:
        host = reader.read("prod", cluster, FactsQuery(stopped_engines=("host-2",), timeout_s=5)).host("host-2")
    assert host.stopped is None
    assert host.failure
    for words in ("Docker is not running", "does not say where the data root of its engine is", "`data_root`"):
        assert words in host.failure.happened
    hosts["host-2"].restart()


def test_a_starting_engine_has_all_its_state_or_none(hosts: Fleet) -> None:
    """Either it is held off and starts outside any swarm, or it runs, is a manager, and nothing was moved."""
    with engines(hosts) as cluster, ThreadPoolExecutor(1) as beside:
        host, engine = hosts["host-1"], cluster["host-1"]
        init(cluster, "host-1")
        for _ in range(4):
            host.stop_docker()
            started = beside.submit(host.start_docker)
            with suppress(EngineError):
                engine.hold_off()
            started.result()
            moved = bool(_files_of(host, "swarm.held-off-*"))
            assert _membership(engine) == ("inactive" if moved else "active")
            if moved:
                break


@pytest.mark.long
def test_old_managers_start_during_a_recovery(hosts: Fleet) -> None:
    """Before the leave, during force-new-cluster, and at the end: none is part of a cluster until it joins again."""
    with engines(hosts) as cluster, Recovery(hosts, cluster) as recovery:
        recovery.lose(stopped=STOPPED)
        kinds = [operation.kind for operation in recovery.steps]
        assert kinds == [
            *["hold-off"] * 3,
            "leave-lost-cluster",
            "init",
            "restart-stopped-swarm",
            "init",
            "remove-old-records",
            "rejoin",
            *["remove-old-records"] * 3,
            "regain-networks",
        ]
        starts = {"leave-lost-cluster": "host-3", "init": "host-4"}
        with SplitBrainWatch(hosts) as watch:
            for operation in recovery.steps:
                if name := starts.pop(operation.kind, ""):
                    recovery.come_back(name)
                recovery.do(operation)
            recovery.assert_one_cluster(ALL[:2])
            recovery.come_back("host-5")
            recovery.await_up(STOPPED)
            assert [_membership(cluster[name]) for name in STOPPED] == ["inactive"] * 3
            assert len([*cluster["host-1"].nodes()]) == len(ALL[:2])
            token = cluster["host-1"].join_tokens().manager
            for name in STOPPED:
                cluster[name].join_swarm(joining(cluster, name, f"{hosts['host-1'].address}:2377"), token)
            until(recovery.are_one, "five managers are one cluster again", timeout=60)
        assert watch.rounds
        assert (watch.apart, watch.lost) == ([], [])


@pytest.mark.long
@pytest.mark.parametrize("step", range(3))
def test_old_managers_start_while_others_are_held_off(hosts: Fleet, step: int) -> None:
    """Engines that start before they are held off are managers of one cluster."""
    with engines(hosts) as cluster, Recovery(hosts, cluster) as recovery:
        recovery.lose(stopped=STOPPED)
        with SplitBrainWatch(hosts) as watch:
            ended = recovery.run(step, STOPPED)
            recovery.await_up(STOPPED)
            recovery.assert_one_cluster(recovery.members())
        recovery.tell(watch, ended)
        assert watch.apart == []


def _files_of(host: Host, pattern: str) -> set[str]:
    """Return the files of the folders with this name in the engine's data folder."""
    folders = host.folder.glob(f"data/{pattern}")
    return {str(path.relative_to(folder)) for folder in folders for path in folder.rglob("*")}


def _membership(engine: Engine) -> str:
    return str(engine.info()["Swarm"]["LocalNodeState"])
