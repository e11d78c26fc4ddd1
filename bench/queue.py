"""How many jobs are carried out, how soon one starts, and how soon another worker takes over the job of a killed one.

The bot's own queue, workers and audit log, with jobs that do nothing; a durable Redis of its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, cast

from redis import Redis

from bench.processes import redis_server, running
from bench.queue_worker import HANG, STARTED
from bench.result import Cell, Measured, Table
from bot.audit import Audit
from bot.queue.job import Order, new_id
from bot.queue.queue import LEASE_S, Queue
from bot.secrets.secret import Secret
from bot.store.client import connect

WORKERS: Final = 2
JOBS: Final = 3000
SINGLE: Final = 300
KILLS: Final = 3
TIMEOUT_S: Final = 120
SETTLING_S: Final = 3.0


def measure(*, quick: bool) -> Measured:
    """Measure single jobs, many jobs, and killed workers."""
    jobs, single, kills = (100, 20, 0) if quick else (JOBS, SINGLE, KILLS)
    with _queue() as (redis, queue, url), _workers(url):
        time.sleep(SETTLING_S)
        starts = sorted(_start_ms(redis, queue) for _ in range(single))
        admitted_s, done_s = _many(redis, queue, jobs)
    taken_over = [_taken_over_s() for _ in range(kills)]
    rows: tuple[tuple[Cell, ...], ...] = (
        ("jobs stored with their audit entry, by one process", jobs, jobs / admitted_s, "a second"),
        (f"jobs carried out by {WORKERS} workers, while they come", jobs, jobs / done_s, "a second"),
        ("from stored to begun: median", single, median(starts), "ms"),
        ("from stored to begun: p99", single, starts[int(0.99 * len(starts))], "ms"),
    )
    if taken_over:
        rows += (("from kill -9 of a worker until another one begins: median", kills, median(taken_over), "s"),)
    note = f"A job of a killed worker is taken over when its lease of {LEASE_S:.0f} s has expired."
    return Measured((Table(("what", "of", "figure", "unit"), rows),), notes=(note,))


@contextmanager
def _queue() -> Iterator[tuple[Redis, Queue, str]]:
    with (
        TemporaryDirectory(prefix="swarmbot-bench-") as name,
        redis_server(Path(name)) as url,
        connect(Secret(url)) as redis,
    ):
        yield redis, Queue(redis, Audit(redis)), url


@contextmanager
def _workers(url: str) -> Iterator[None]:
    with ExitStack() as stack:
        for number in range(WORKERS):
            stack.enter_context(running(_worker(url, f"worker-{number}")))
        yield


def _worker(url: str, name: str) -> list[str]:
    return [sys.executable, "-m", "bench.queue_worker", url, name]


def _admit(queue: Queue, command: str = "status") -> None:
    order = Order(
        id=new_id(),
        request_key=f"bench-{time.time_ns()}",
        lane="concurrent",
        command=command,
        words=command,
        args={},
        cluster="prod",
        requester="U0ADA",
        channel="C0PROD",
        response_url="https://hooks.slack.com/x",
        asked_at=time.time(),
    )
    queue.admit(order, [order.audit_entry("asked", "U0ADA")])


def _begun(redis: Redis) -> float:
    """Wait until a job begins; return when, in unix seconds."""
    found = cast("tuple[str, str] | None", redis.blpop([STARTED], timeout=TIMEOUT_S))
    if found is None:
        raise TimeoutError("No job began.")
    return float(found[1])


def _start_ms(redis: Redis, queue: Queue) -> float:
    _admit(queue)
    stored = time.time()
    return max(0.0, _begun(redis) - stored) * 1000


def _many(redis: Redis, queue: Queue, jobs: int) -> tuple[float, float]:
    """Return the seconds until all jobs were stored, and until the last one began."""
    began = time.time()
    for _ in range(jobs):
        _admit(queue)
    stored = time.time()
    return stored - began, max(_begun(redis) for _ in range(jobs)) - began


def _taken_over_s() -> float:
    """Return the seconds from the kill of a worker with a job until another one begins it.

    The queue is new: a job of an earlier kill would be begun again here.
    """
    with _queue() as (redis, queue, url), running(_worker(url, "killed")) as first:
        _admit(queue, HANG)
        _begun(redis)
        with running(_worker(url, "other")):
            time.sleep(SETTLING_S)
            first.kill()
            killed = time.time()
            return _begun(redis) - killed
