"""How soon another process watches a cluster when the one that leads is killed."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.result import Goal, Measured, Table
from bench.watch import make_cluster
from bot.audit import Audit
from bot.secrets.secret import Secret
from bot.store.client import connect
from bot.watch.repository import WatchRepository
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until

WATCHERS: Final = ("watch.1", "watch.2")
KILLS: Final = 8
STARTED_S: Final = 20.0
"""After this time a process that was started asks for the lease, also on a busy machine."""
TIMEOUT_S: Final = 90.0
POLL_S: Final = 0.05


def measure(*, quick: bool) -> Measured:
    """Measure the times until another process has the lease, and until it has read the cluster."""
    folder = Path(tempfile.mkdtemp(prefix="swarmbot-bench-"))
    with (
        Fleet(folder) as fleet,
        Deployment(fleet, folder / "deployment", watchers=len(WATCHERS)) as deployment,
        connect(Secret(deployment.redis_url)) as redis,
    ):
        make_cluster(fleet)
        repository = WatchRepository(redis, Audit(redis))
        found = [_takeover(deployment, repository) for _ in range(1 if quick else KILLS)]
    rows = tuple(
        (what, len(found), statistics.median(times), max(times))
        for what, times in zip(
            ("another process leads", "it has read the cluster"), zip(*found, strict=True), strict=True
        )
    )
    goal = Goal("another process has read the cluster: most", max(read for _, read in found), 15, "s")
    return Measured((Table(("from kill -9 until", "runs", "median, s", "most, s"), rows),), (goal,))


def _takeover(deployment: Deployment, repository: WatchRepository) -> tuple[float, float]:
    """Return the seconds from the end of the process that leads until another one leads, and until it has read."""

    def leading() -> str:
        leader = repository.leader("prod")
        return next((name for name in WATCHERS if leader.endswith(f"-{deployment.processes[name].pid}")), "")

    until(lambda: leading() != "", "a process leads", timeout=TIMEOUT_S)
    time.sleep(STARTED_S)
    name, killed = leading(), repository.leader("prod")
    deployment.kill(name)
    began = time.monotonic()
    until(
        lambda: repository.leader("prod") not in {"", killed},
        "another process leads",
        timeout=TIMEOUT_S,
        max_interval_s=POLL_S,
    )
    leads_s = time.monotonic() - began

    def is_read() -> bool:
        last_reading = repository.last_reading("prod")
        return last_reading is not None and last_reading.leader != killed

    until(is_read, "it has read the cluster", timeout=TIMEOUT_S, max_interval_s=POLL_S)
    read_s = time.monotonic() - began
    deployment.start(name)
    return leads_s, read_s
