"""Where the time of forming a cluster and of a join goes: the spans of a worker, on five real Docker hosts."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from bench.forming import Bench
from bench.result import Measured
from bench.spans import read, span_table
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet

ROUNDS: Final = 3
TRACED: Final = {"worker": "python -m bench.traced_worker"}
NOTES: Final = (
    "From Slack's request until the engines show the state. The last of several runs: SSH is connected.",
    "A row stands for the same call on several hosts at once. What a worker does contains the calls below it.",
)


def measure(*, quick: bool) -> Measured:
    """Measure the last forming and the last join."""
    folder = Path(tempfile.mkdtemp(prefix="swarmbot-bench-"))
    file = folder / "spans"
    with (
        Fleet(folder) as fleet,
        Deployment(fleet, folder / "bot", commands=TRACED, environment={"BENCH_SPANS": str(file)}) as deployment,
        ThreadPoolExecutor(16) as pool,
    ):
        bench = Bench(fleet, deployment, pool)
        for _ in range(1 if quick else ROUNDS):
            bench.round(("Swarmbot",))
        tables = [
            span_table(read(file, began, ended), began, f"{task}: {(ended - began) * 1000:,.0f} ms")
            for task, (began, ended) in bench.last.items()
        ]
    return Measured((*tables,), notes=(*NOTES, *bench.failures))
