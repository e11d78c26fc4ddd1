"""Where the time of an order goes: what a worker did on each host, and in itself, as a table.

:func:`record` makes the running process write a line for each call to a host or to Redis and for each part of a job;
``python -m bench.traced_worker`` is a worker that does. The product knows nothing of it.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import docker
from redis import Redis

from bench.result import Cell, Table
from bot.engine.probes.machine import READ_FILE_SCRIPT
from bot.engine.probes.probe_round import EXAMINE_SCRIPT, ROUND_SCRIPT
from bot.engine.probes.prober import ABLE_SCRIPT, CONNECT_SCRIPT, COUNT_SCRIPT, SEND_SCRIPTS
from bot.engine.ssh import shell
from bot.execution import changes, plan_run, runner, step_run
from bot.swarm.reading import facts_reader

REDIS: Final = "Redis"
WORKER: Final = "worker"
IDLE: Final = {"XREADGROUP", "XAUTOCLAIM", "BLPOP"}
"""Threads that wait for a job and do no work."""
SCRIPTS: Final = {
    EXAMINE_SCRIPT: "examine",
    ROUND_SCRIPT: "round of probes",
    ABLE_SCRIPT: "prober",
    CONNECT_SCRIPT: "connect",
    COUNT_SCRIPT: "count packets",
    READ_FILE_SCRIPT: "read a file",
    **{script: f"send {transport}" for transport, script in SEND_SCRIPTS.items()},
}


@dataclass(frozen=True, slots=True)
class Span:
    """Something that was done, in unix seconds."""

    at: float
    took: float
    where: str
    what: str

    @property
    def end(self) -> float:
        """When it ended."""
        return self.at + self.took


def record(path: Path) -> None:
    """Write a line to ``path`` for each span of this process from now on."""
    out = path.open("a", buffering=1)

    def trace(owner: Any, name: str, told: Callable[..., tuple[str, str]]) -> None:
        inner = getattr(owner, name)

        @functools.wraps(inner)
        def call(*args: Any, **kwargs: Any) -> Any:
            at = time.time()
            try:
                return inner(*args, **kwargs)
            finally:
                out.write(json.dumps(asdict(Span(at, time.time() - at, *told(*args)))) + "\n")

        setattr(owner, name, call)

    trace(docker.APIClient, "send", _request)
    trace(shell, "_read_bytes", lambda connection, script, *_: (connection.target.name, SCRIPTS.get(script, "script")))
    trace(Redis, "execute_command", lambda _, *words: (REDIS, str(words[0])))
    trace(runner.Runner, "handle", lambda *_: (WORKER, "the job"))
    trace(facts_reader.FactsReader, "read", lambda *_: (WORKER, "read facts"))
    trace(facts_reader, "probe_routes", lambda _, routes, *__: (WORKER, f"probe {len(routes)} routes"))
    trace(changes, "planned", lambda *_: (WORKER, "plan"))
    trace(plan_run, "carry_out", lambda operation, *_: (WORKER, f"step: {operation.doing}"))
    trace(step_run, "_apply", lambda operation, *_: (WORKER, f"apply: {operation.doing}"))


def _request(api: docker.APIClient, request: Any, *_: object) -> tuple[str, str]:
    adapter: Any = api.get_adapter(request.url)
    host = adapter._dialer.connection.target.name  # noqa: SLF001 - a benchmark looks inside
    return host, f"{request.method} /{urlsplit(request.url).path.split('/', 2)[-1]}"


def read(path: Path, began: float, ended: float) -> list[Span]:
    """Return the spans between two unix times, the first one first."""
    found = (Span(**json.loads(line)) for line in path.read_text().splitlines())
    return sorted((span for span in found if began <= span.at <= ended), key=lambda span: span.at)


def span_table(spans: Iterable[Span], began: float, title: str) -> Table:
    """Return a row for each span; one for the same on several hosts at once, and one for all calls of Redis."""
    rows: list[list[Span]] = []
    redis: list[Span] = []
    for span in spans:
        if span.where == REDIS:
            redis += [] if span.what in IDLE else [span]
        elif same := next((row for row in rows if _goes_with(row, span)), None):
            same.append(span)
        elif not span.what.startswith("probe 0"):
            rows.append([span])
    return Table(
        ("from, ms", "took, ms", "where", "what"),
        (*(_row(row, began) for row in rows), *_redis_row(redis, began)),
        title,
    )


def _goes_with(row: list[Span], span: Span) -> bool:
    return row[0].what == span.what and span.where != WORKER and span.at < max(each.end for each in row)


def _row(row: list[Span], began: float) -> tuple[Cell, ...]:
    ended = max(span.end for span in row)
    where = ", ".join(sorted({span.where for span in row}))
    what = row[0].what if len(row) == 1 else f"{row[0].what} ({len(row)} times)"
    return (row[0].at - began) * 1000, (ended - row[0].at) * 1000, where, what


def _redis_row(spans: list[Span], began: float) -> Iterator[tuple[Cell, ...]]:
    if spans:
        took_s = sum(span.took for span in spans)
        yield (spans[0].at - began) * 1000, took_s * 1000, REDIS, f"{len(spans)} calls, their times added"
