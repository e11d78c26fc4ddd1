"""How time and memory of a question grow with the cluster: real sshd, one process; the engines are a stand-in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.cluster_data import MIB, ClusterData
from bench.processes import bot_environment, bot_process, redis_server
from bench.result import Cell, Goal, Measured, Table
from bench.stand_in import stand_in
from bot.audit import Audit
from bot.secrets.secret import Secret
from bot.store.client import connect
from bot.watch.repository import WatchRepository
from sandbox.fleet.shell import until
from sandbox.slack.local import LocalSlack

NODES: Final = (10, 100, 1000, 5000)
TASKS_PER_NODE: Final = 10
QUESTIONS: Final = ("status", "nodes", "services", "map", "incidents", "Home")
RUNS: Final = 6
"""The first one opens the SSH connections, and is not counted."""
TIMEOUT_S: Final = 300
MAX_SECONDS: Final = 1.0
MAX_MIB: Final = 150e6 / MIB
NOTES: Final = (
    "From the requests to the engines until the blocks of the answer, in a process of its own. SSH is connected.",
    "Incidents and Home are made from what watch stored in Redis; it was stopped afterwards.",
    "CPU is that of the process, so it depends little on what else runs.",
    "Memory is the most that the process had (RSS). About 87 MiB of it are the imported modules.",
)


def measure(*, quick: bool) -> Measured:
    """Measure each question for each size."""
    rows: list[tuple[Cell, ...]] = []
    goals: list[Goal] = []
    for nodes in NODES[:2] if quick else NODES:
        data = ClusterData(nodes, nodes, TASKS_PER_NODE, failing_every=100)
        with _watched(data) as (config, env):
            for typed in QUESTIONS:
                found = _answered(config, env, typed, 2 if quick else RUNS)
                seconds, cpu = (median(found[key][1:]) / 1000 for key in ("ms", "cpu_ms"))
                rows.append((f"{typed}, {nodes:,} nodes", seconds * 1000, cpu * 1000, found["peak_mib"]))
                if nodes == NODES[-1]:
                    goals.append(Goal(f"{typed}, {nodes:,} nodes: time", seconds, MAX_SECONDS, "s"))
                    goals.append(Goal(f"{typed}, {nodes:,} nodes: memory", found["peak_mib"], MAX_MIB, "MiB"))
    columns = ("question", "median, ms", "CPU, ms", "most memory, MiB")
    return Measured((Table(columns, tuple(rows)),), tuple(goals), NOTES)


@contextmanager
def _watched(data: ClusterData) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield the configuration of such a cluster and the bot's environment, once watch has reported an incident."""
    with (
        TemporaryDirectory(prefix="swarmbot-bench-") as name,
        stand_in(Path(name), data) as config,
        LocalSlack() as slack,
        redis_server(Path(name)) as url,
        connect(Secret(url)) as redis,
    ):
        env = bot_environment(Path(name), url) | slack.environment()
        repository = WatchRepository(redis, Audit(redis))
        with bot_process("watch", env):
            until(lambda: bool(repository.open_incidents("prod")), "watch told of an incident", timeout=TIMEOUT_S)
        yield config, env


def _answered(config: Path, env: dict[str, str], typed: str, runs: int) -> dict[str, Any]:
    """Return what :mod:`bench.one_question` prints."""
    command = [sys.executable, "-m", "bench.one_question", str(config), str(runs), typed]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=TIMEOUT_S, env=env)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
