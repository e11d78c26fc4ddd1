"""Fifty clusters of five hosts in one swarmbot.yml: the status of all, and what the worker and watch cost.

Real sshd, Redis and processes of the bot; the engines are a stand-in. All 250 hosts have an open SSH connection, in the
worker and in watch.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

import yaml

from bench.cluster_data import ClusterData
from bench.processes import cpu_share, memory_mib, threads
from bench.result import Measured, Table
from bench.stand_in import HOSTS, stand_in
from sandbox.deployment import PEOPLE, Deployment

CLUSTERS: Final = 50
QUICK_CLUSTERS: Final = 3
DATA: Final = ClusterData(nodes=10, services=10, tasks_per_service=10)
QUESTIONS: Final = 10
TIMEOUT_S: Final = 120.0
SETTLING_S: Final = 45.0
MEASURED_S: Final = 30.0


def measure(*, quick: bool) -> Measured:
    """Measure the status of all clusters, then CPU, memory and threads."""
    count, settling_s, measured_s = (QUICK_CLUSTERS, 5.0, 5.0) if quick else (CLUSTERS, SETTLING_S, MEASURED_S)
    names = ("prod", *(f"c{number:02}" for number in range(1, count)))
    with TemporaryDirectory(prefix="swarmbot-bench-") as name, stand_in(Path(name), DATA, *names) as path:
        config: dict[str, Any] = {**yaml.safe_load(path.read_text()), **PEOPLE}
        with Deployment(cast("Any", None), Path(name) / "deployment", watchers=1, config=config) as deployment:
            first = _ask_all(deployment, count)
            time.sleep(settling_s)
            times = [_ask_all(deployment, count) for _ in range(1 if quick else QUESTIONS)]
            processes = {each: deployment.processes[each].pid for each in ("web", "worker.1", "watch.1")}
            rows = [
                (each, cpu_share(pid, measured_s) * 100, memory_mib(pid), threads(pid))
                for each, pid in processes.items()
            ]
    asked = Table(
        ("`status --cluster all`", "runs", "first answer, s"),
        (("the first one, which opens the connections", 1, first), ("then: median", len(times), median(times))),
    )
    cost = Table(("process", "of one core, %", "memory, MiB", "threads"), tuple(rows))
    size = f"{count} clusters, {count * HOSTS} hosts; in each {DATA.nodes} nodes, {DATA.services} services, 100 tasks."
    watched = "The first answer is what watch read, if reading takes longer than 0.3 s; the complete one follows."
    return Measured((asked, cost), notes=(size, watched))


def _ask_all(deployment: Deployment, count: int) -> float:
    """Ask for the status of every cluster; return the seconds until it is answered."""
    after, began = len(deployment.slack.transcript()), time.monotonic()
    deployment.slack.slash("ada", "prod", "status --cluster all")
    title = f"{count} clusters, the worst first"
    deployment.slack.wait_for(lambda slack: any(title in each.text for each in slack.transcript(after)), TIMEOUT_S)
    return time.monotonic() - began
