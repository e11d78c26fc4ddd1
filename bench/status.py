"""How soon `/swarm status` shows something, with what watch read and without, in turn in one run."""

from __future__ import annotations

import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from redis import Redis

from bench.result import Cell, Measured, Table
from bench.watch import make_cluster
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.host import Host
from sandbox.fleet.shell import until
from sandbox.slack.transcript import TranscriptEntry

PAIRS: Final = {"every host responds": 15, "the engine of a worker hangs": 6}
TIMEOUT_S: Final = 60.0


def measure(*, quick: bool) -> Measured:
    """Measure the times to the first and to the complete answer."""
    folder = Path(tempfile.mkdtemp(prefix="swarmbot-bench-"))
    rows: list[tuple[Cell, ...]] = []
    with (
        Fleet(folder) as fleet,
        Deployment(fleet, folder / "deployment", watchers=1) as deployment,
        connect(Secret(deployment.redis_url)) as redis,
    ):
        make_cluster(fleet)
        _ask(deployment)  # connections are open then
        for state, pairs in PAIRS.items():
            with _hung(fleet["host-5"], hangs="hangs" in state):
                rows += _rows(deployment, redis, state, 1 if quick else pairs)
    return Measured((Table(("state", "runs", "first answer, ms", "complete answer, ms"), tuple(rows)),))


def _rows(deployment: Deployment, redis: Redis, state: str, pairs: int) -> list[tuple[Cell, ...]]:
    """Return a row with and a row without what watch read, measured in turn."""
    found: dict[str, list[tuple[float, float]]] = {"with watch": [], "without": []}
    for _ in range(pairs):
        until(lambda: bool(redis.exists(keys.watch_summary("prod"))), "watch has read the cluster", timeout=TIMEOUT_S)
        found["with watch"].append(_ask(deployment))
        with _unwatched(deployment, redis):
            found["without"].append(_ask(deployment))
    return [
        (f"{state}, {name}", pairs, *(statistics.median(times) * 1000 for times in zip(*runs, strict=True)))
        for name, runs in found.items()
    ]


def _ask(deployment: Deployment) -> tuple[float, float]:
    """Ask for the status; return the seconds until something is shown, and until the complete answer is."""
    after, began = len(deployment.slack.transcript()), time.monotonic()
    deployment.slack.slash("ada", "prod", "status")
    first = _shown_after(deployment, after, lambda each: each.kind in {"posted", "edited"})
    complete = _shown_after(deployment, after, lambda each: "[Share]" in each.text)
    return first - began, complete - began


def _shown_after(deployment: Deployment, after: int, wanted: Callable[[TranscriptEntry], bool]) -> float:
    """Return when the first such private message is shown after entry ``after``."""
    deployment.slack.wait_for(
        lambda slack: any(each.private and wanted(each) for each in slack.transcript(after)), TIMEOUT_S
    )
    return time.monotonic()


@contextmanager
def _unwatched(deployment: Deployment, redis: Redis) -> Iterator[None]:
    """Stop watch for less than its lease lasts, without what it read."""
    watch = deployment.processes["watch.1"]
    watch.send_signal(signal.SIGSTOP)
    redis.delete(keys.watch_summary("prod"))
    try:
        yield
    finally:
        watch.send_signal(signal.SIGCONT)


@contextmanager
def _hung(host: Host, *, hangs: bool) -> Iterator[None]:
    """Stop the engine of a host with SIGSTOP, if it ``hangs``."""
    if hangs:
        host.run("sh", "-c", "kill -STOP $(pidof dockerd)")
    try:
        yield
    finally:
        if hangs:
            host.run("sh", "-c", "kill -CONT $(pidof dockerd)")
