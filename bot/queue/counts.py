"""How many jobs there are in each state, and how long those that ended ran: for /metrics."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis

from bot.store import keys
from bot.store.client import translate_errors
from bot.store.keys import GROUP, Lane

BUCKETS_S: Final = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""Upper ends of the histogram of durations, in seconds. Those of earlier versions stay readable."""
BUCKETS: Final = json.dumps([f"{end:g}" for end in BUCKETS_S])
"""BUCKETS_S as lua/finish.lua takes them."""


@dataclass(frozen=True, slots=True)
class Durations:
    """How long the jobs of a lane ran that ended in one state, since Redis was set up."""

    lane: str
    state: str
    by_end: Mapping[float, int]
    """Jobs by the upper end of their bucket in seconds; infinity for longer ones."""
    total_s: float


@dataclass(frozen=True, slots=True)
class JobCounts:
    """The jobs that have not ended."""

    running: Mapping[Lane, int]
    queued: Mapping[Lane, int]
    awaiting_approval: int
    """Jobs that wait for approvals, or for their requester to confirm."""
    in_line: Mapping[str, int]
    """By cluster: changes that wait behind the one whose turn it is."""
    durations: tuple[Durations, ...]


def job_counts(redis: Redis, clusters: Sequence[str]) -> JobCounts:
    """Return the counts now. Raise :class:`~bot.errors.Unavailable`."""
    with translate_errors():
        pipe = redis.pipeline(transaction=False)
        for lane in keys.LANES:
            pipe.xlen(keys.stream(lane))
            pipe.xpending(keys.stream(lane), GROUP)
        for cluster in clusters:
            pipe.llen(keys.waiting(cluster))
        pipe.zcard(keys.APPROVALS_OPEN)
        pipe.hgetall(keys.JOB_DURATIONS)
        replies: list[Any] = pipe.execute(raise_on_error=False)
        for reply in replies:
            if isinstance(reply, Exception) and not str(reply).startswith("NOGROUP"):
                raise reply
    durations, approvals = replies.pop(), replies.pop()
    streams = dict(zip(keys.LANES, zip(replies[::2], replies[1::2], strict=False), strict=False))
    running: dict[Lane, int] = {lane: _pending(pending) for lane, (_, pending) in streams.items()}
    queued: dict[Lane, int] = {lane: max(0, length - running[lane]) for lane, (length, _) in streams.items()}
    in_line = dict(zip(clusters, replies[2 * len(keys.LANES) :], strict=True))
    queued["exclusive"] += sum(in_line.values())
    return JobCounts(running, queued, approvals, in_line, _durations(durations))


def _pending(reply: Any) -> int:
    """Return how many entries workers have taken; 0 before the first worker made the group."""
    return 0 if isinstance(reply, Exception) else int(reply["pending"])


def _durations(fields: Mapping[str, str]) -> tuple[Durations, ...]:
    by_lane_and_state: dict[tuple[str, str], dict[str, str]] = {}
    for field, value in fields.items():
        lane, state, what = field.split(":")
        by_lane_and_state.setdefault((lane, state), {})[what] = value
    return tuple(
        Durations(
            lane,
            state,
            {float(end): int(count) for end, count in values.items() if end != "sum"},
            float(values.get("sum", 0)),
        )
        for (lane, state), values in sorted(by_lane_and_state.items())
    )
