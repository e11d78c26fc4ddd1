"""How time and memory of a question grow with the cluster: real sshd, one process; the engines are a stand-in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.cluster_data import MIB, ClusterData
from bench.result import Cell, Goal, Measured, Table
from bench.stand_in import stand_in

NODES: Final = (10, 100, 1000, 5000)
TASKS_PER_NODE: Final = 10
QUESTIONS: Final = ("status", "nodes", "services")
RUNS: Final = 6
"""The first one opens the SSH connections, and is not counted."""
TIMEOUT_S: Final = 300
MAX_SECONDS: Final = 1.0
MAX_MIB: Final = 150e6 / MIB
NOTES: Final = (
    "From the requests to the engines until the blocks of the answer, in a process of its own. SSH is connected.",
    "CPU is that of the process, so it depends little on what else runs.",
    "Memory is the most that the process had (RSS). About 77 MiB of it are the imported modules.",
)


def measure(quick: bool) -> Measured:  # noqa: FBT001 - as of every benchmark
    """Measure each question for each size."""
    rows: list[tuple[Cell, ...]] = []
    goals: list[Goal] = []
    for nodes in NODES[:2] if quick else NODES:
        data = ClusterData(nodes, nodes, TASKS_PER_NODE, failing_every=100)
        with TemporaryDirectory(prefix="swarmbot-bench-") as name, stand_in(Path(name), data) as config:
            for typed in QUESTIONS:
                found = answered(config, typed, 2 if quick else RUNS)
                seconds, cpu = (median(found[key][1:]) / 1000 for key in ("ms", "cpu_ms"))
                rows.append((f"{typed}, {nodes:,} nodes", seconds * 1000, cpu * 1000, found["peak_mib"]))
                if nodes == NODES[-1]:
                    goals.append(Goal(f"{typed}, {nodes:,} nodes: time", seconds, MAX_SECONDS, "s"))
                    goals.append(Goal(f"{typed}, {nodes:,} nodes: memory", found["peak_mib"], MAX_MIB, "MiB"))
    columns = ("question", "median, ms", "CPU, ms", "most memory, MiB")
    return Measured((Table(columns, tuple(rows)),), tuple(goals), NOTES)


def answered(config: Path, typed: str, runs: int) -> dict[str, Any]:
    """Return what :mod:`bench.one_question` prints."""
    command = [sys.executable, "-m", "bench.one_question", str(config), str(runs), typed]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=TIMEOUT_S)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
