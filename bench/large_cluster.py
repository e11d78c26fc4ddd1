"""What watch costs for a cluster of 500 nodes: real sshd, Redis and process; the engines are a stand-in."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.cluster_data import ClusterData
from bench.processes import bot_environment, bot_process, cpu_share, memory_mib, redis_server
from bench.result import Cell, Measured, Table
from bench.stand_in import stand_in
from sandbox.slack.local import LocalSlack

NODES: Final = 500
TASKS_PER_NODE: Final = 10
SETTLING_S: Final = 20.0
"""The time until the first readings, which are the most expensive ones, are over."""
MEASURED_S: Final = 45.0
TOLD_S: Final = 60.0
"""The time until watch has reported that a node is down."""


def measure(*, quick: bool) -> Measured:
    """Measure CPU and memory of watch, quiet and with a node down."""
    nodes, seconds = (50, MEASURED_S / 9) if quick else (NODES, MEASURED_S)
    data = ClusterData(nodes, nodes, TASKS_PER_NODE)
    with (
        TemporaryDirectory(prefix="swarmbot-bench-") as name,
        stand_in(Path(name), data),
        LocalSlack() as slack,
        redis_server(Path(name)) as url,
        bot_process("watch", bot_environment(Path(name), url) | slack.environment()) as watch,
    ):
        time.sleep(SETTLING_S)
        rows = [_cost("quiet", watch.pid, seconds)]
        (Path(name) / "down").touch()
        slack.wait_for(lambda seen: any(f"node-{nodes - 1}" in each.text for each in seen.transcript()), TOLD_S)
        rows.append(_cost("a node is down", watch.pid, seconds))
    size = (
        f"{nodes} nodes, {data.services:,} services, {data.services * TASKS_PER_NODE:,} tasks; 5 hosts in swarmbot.yml."
    )
    return Measured((Table(("state", "of one core, %", "memory, MiB"), tuple(rows)),), notes=(size,))


def _cost(state: str, pid: int, seconds: float) -> tuple[Cell, ...]:
    return state, cpu_share(pid, seconds) * 100, memory_mib(pid)
