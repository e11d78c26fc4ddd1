"""How many entries of the audit log are appended and verified in a second, up to a million in Redis."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

from bench.cluster_data import MIB
from bench.processes import peak_memory_mib, redis_server
from bench.result import Cell, Measured, Table
from bot.audit import Audit, Entry
from bot.secrets.secret import Secret
from bot.store.client import connect

SIZES: Final = (10_000, 100_000, 1_000_000)
SINGLE: Final = 3000
"""How many entries are appended one by one, as the bot does."""
BATCH: Final = 500
"""How many of the others are appended at a time, to fill the log."""


def measure(*, quick: bool) -> Measured:
    """Measure appending and verifying at each size."""
    sizes, single = ((5000,), 200) if quick else (SIZES, SINGLE)
    rows: list[tuple[Cell, ...]] = []
    with (
        TemporaryDirectory(prefix="swarmbot-bench-") as name,
        redis_server(Path(name)) as url,
        connect(Secret(url)) as redis,
    ):
        audit, count = Audit(redis), 0
        for size in sizes:
            _append(audit, size - single - count, BATCH)
            appended_s = _append(audit, single, 1)
            verified_s, count = _verify(audit, size), size
            used = cast("dict[str, int]", redis.info("memory"))["used_memory"] / MIB
            rows.append((f"{size:,}", single / appended_s, size / verified_s, verified_s, used, peak_memory_mib()))
    columns = ("entries", "appended a second", "verified a second", "verified in, s", "Redis, MiB", "process, MiB")
    notes = (
        f"A durable Redis (appendonly) of its own. Entries are appended one by one; {BATCH} at a time fill the log.",
    )
    return Measured((Table(columns, tuple(rows)),), notes=notes)


def _append(audit: Audit, count: int, at_once: int) -> float:
    """Append entries; return the seconds that it took."""
    began = time.perf_counter()
    for start in range(0, count, at_once):
        audit.append([_entry(number) for number in range(start, min(start + at_once, count))])
    return time.perf_counter() - began


def _verify(audit: Audit, size: int) -> float:
    """Verify the whole log; return the seconds that it took."""
    began = time.perf_counter()
    verification = audit.verify()
    if not verification.ok or verification.count != size:
        raise RuntimeError(f"The log is not valid: {verification}")
    return time.perf_counter() - began


def _entry(number: int) -> Entry:
    words = f"join worker host-{number % 1000}"
    return Entry("asked", "U0ADA", "prod", "C0PROD", "join", words, f"k{number % 100_000:05}", "asked in the channel")
