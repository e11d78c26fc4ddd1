"""The script of a random run: the same for the same seed, and nothing in it is impossible."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import get_args

from tests.kits.random_run.history import DisturbanceKind
from tests.kits.random_run.script import CLOCKS_S, Size, script

SIZE = Size(
    seconds=300.0,
    pause_s=2.0,
    hosts=("host-1", "host-2"),
    workers=("worker.1", "worker.2"),
    others=("web", "watch.1"),
    outage_s=(25, 140),
    stop_s=(16, 40),
    host_off_s=(2, 10),
    host_faults=("host", "cable", "ssh", "engine hangs", "slow link", "full disk", "wrong clock"),
)


def test_a_seed_is_a_script() -> None:
    """A run can be repeated, and another seed is another run."""
    assert script(7, SIZE) == script(7, SIZE)
    assert script(7, SIZE) != script(8, SIZE)
    assert len(script(7, SIZE).actions) > 2 * len(script(7, replace(SIZE, pause_s=6.0)).actions)


def test_every_fault_is_among_them() -> None:
    """Over some seeds each kind occurs; Slack is away for more than two minutes, and leases expire."""
    faults = [fault for seed in range(20) for fault in script(seed, SIZE).faults]
    assert {fault.kind for fault in faults} == {*get_args(DisturbanceKind)}
    assert max(fault.seconds for fault in faults if fault.kind == "slack") > 120
    stops = [fault for fault in faults if fault.kind == "stop"]
    assert {fault.target for fault in stops} == {*SIZE.workers, *SIZE.others}
    assert all(fault.seconds > (1 if fault.target == "web" else 9) for fault in stops)
    assert all(fault.seconds > 15 for fault in stops if fault.target in SIZE.workers)
    clocks = {fault.flavour for fault in faults if fault.kind == "wrong clock"}
    assert clocks == {*CLOCKS_S}


def test_faults_of_one_target_follow_each_other() -> None:
    """A worker is not killed while it stands still."""
    for seed in range(20):
        for target in {fault.target for fault in script(seed, SIZE).faults}:
            mine = [fault for fault in script(seed, SIZE).faults if fault.target == target]
            assert all(one.at + one.seconds <= other.at for one, other in pairwise(mine))
