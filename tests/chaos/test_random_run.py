"""A random run: five people type random orders while workers, Slack, Redis and hosts fail; a checker judges it.

Each run prints its seed. ``CHAOS_SEEDS="7 8" CHAOS_SECONDS=90 pytest tests/chaos/test_random_run.py`` runs other seeds
for another time; with ``-m long`` on real hosts.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import pytest

from sandbox.deployment import PEOPLE, Deployment
from sandbox.fleet import Fleet
from tests.conftest import cannot
from tests.kits.clock_skew import possible
from tests.kits.formed_cluster import form_cluster
from tests.kits.full_disk import disks_of_their_own
from tests.kits.random_run.driver import Driver
from tests.kits.random_run.fault_table import add_run
from tests.kits.random_run.fleet_hosts import FleetHosts
from tests.kits.random_run.recorder import Recorder
from tests.kits.random_run.script import Size, script
from tests.kits.random_run.shared_cluster import SharedCluster
from tests.kits.random_run.simulated_deployment import RULES, WATCH, SimulatedDeployment

WORKERS: Final = ("worker.1", "worker.2")
OTHERS: Final = ("web", "watch.1", "watch.2")
SHORT: Final = Size(
    seconds=float(os.environ.get("CHAOS_SECONDS", "45")),
    pause_s=1.5,
    hosts=[f"host-{number}" for number in range(1, 8)],
    workers=WORKERS,
    others=OTHERS[:2],
    outage_s=(8, 30),
    stop_s=(16, 22),
    host_off_s=(2, 10),
)
LONG: Final = Size(
    seconds=float(os.environ.get("CHAOS_SECONDS", "300")),
    pause_s=6.0,
    hosts=[f"host-{number}" for number in range(1, 6)],
    workers=WORKERS,
    others=OTHERS,
    outage_s=(25, 140),
    stop_s=(16, 40),
    host_off_s=(5, 30),
    host_faults=("host", "cable", "ssh", "engine hangs", "slow link", "full disk", "wrong clock"),
)
SETTLE_TIMEOUT_S: Final = 120.0
"""How long after the last fault the last end may be reported."""


def seeds(*by_default: int) -> list[int]:
    """Return the seeds of the environment, or these."""
    return [*map(int, os.environ.get("CHAOS_SEEDS", "").split())] or [*by_default]


def judge_run(seed: int, size: Size, driver: Driver, hosts: str) -> None:
    """Carry out the seed's script, let everything settle, and fail with the checker's violations.

    With CHAOS_TABLE, the name of a file, the run is added to the table of faults there.
    """
    sys.stderr.write(f"random run, seed {seed}\n")
    driver.run(script(seed, size))
    history, violations = driver.settle(SETTLE_TIMEOUT_S)
    sys.stderr.write(f"{history.summary}\n")
    if table := os.environ.get("CHAOS_TABLE"):
        add_run(Path(table), {"seed": seed, "hosts": hosts, "seconds": size.seconds}, history, violations)
    sys.stderr.writelines(f"{each}\n{history.about(each.about)}\n" for each in violations)
    told = "\n".join([f"seed {seed}", *map(str, violations)])
    assert not violations, told
    assert len(history.jobs) > size.seconds / 10, "too little happened to judge"


@pytest.mark.timeout(SHORT.seconds + SETTLE_TIMEOUT_S + 180)
@pytest.mark.parametrize("seed", seeds(1))
def test_simulated_hosts(seed: int, tmp_path: Path) -> None:
    """Every order has a true end that was reported once, even with faults meanwhile."""
    hosts = [*SHORT.hosts]
    with (
        SharedCluster(tmp_path / "cluster", size=len(hosts), managers=3, seed=seed) as cluster,
        SimulatedDeployment(
            tmp_path / "deployment", cluster.path, hosts=hosts, workers=len(WORKERS), watchers=1
        ) as deployment,
    ):
        recorder = Recorder(deployment, lambda: cluster.sightings)
        judge_run(seed, SHORT, Driver(deployment, cluster, recorder), "simulated")


@pytest.mark.long
@pytest.mark.fleet
@pytest.mark.timeout(LONG.seconds + SETTLE_TIMEOUT_S + 180)
@pytest.mark.parametrize("seed", seeds(11, 12, 13))
def test_real_hosts(seed: int, hosts: Fleet, tmp_path: Path) -> None:
    """The same on real engines, with Slack away for up to 140 s."""
    if not possible():
        cannot("an engine's clock is set wrong only on x86-64, where root may write any process's memory")
    rules = {**PEOPLE["rules"], "approvals": RULES}
    config = {**hosts.config(), **PEOPLE, "rules": rules, "watch": WATCH}
    with (
        disks_of_their_own(hosts),
        cluster_of(hosts) as watched,
        Deployment(hosts, tmp_path / "deployment", workers=len(WORKERS), watchers=2, config=config) as deployment,
    ):
        recorder = Recorder(deployment, lambda: watched.sightings)
        judge_run(seed, LONG, Driver(deployment, watched, recorder), "real")


def cluster_of(fleet: Fleet) -> FleetHosts:
    """Return what breaks and watches the hosts, three of them managers at first and two workers."""
    form_cluster(fleet, ("host-1", "host-2", "host-3"), ("host-4", "host-5"))
    return FleetHosts(fleet)
