"""Every benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from bench import (
    acks,
    clusters,
    deploys,
    drains,
    forming,
    growth,
    large_cluster,
    ledger,
    order_spans,
    queue,
    services,
    status,
    takeover,
    watch,
)
from bench.result import Measured


class Measure(Protocol):
    """Runs a benchmark; ``quick``: only long enough to see that it works."""

    def __call__(self, *, quick: bool) -> Measured:
        """Return what was found."""
        ...


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark that can be run."""

    name: str
    what: str
    """What it measures, one sentence."""
    measure: Measure


BENCHMARKS: Final = (
    Benchmark("acks", "How long Slack waits until a command is acknowledged, once it is stored.", acks.measure),
    Benchmark("audit", "Entries of the audit log: appended, and verified as one chain.", ledger.measure),
    Benchmark("clusters", "Fifty clusters of five hosts in one swarmbot.yml.", clusters.measure),
    Benchmark("deploys", "The plan of a deploy, beside Docker's CLI.", deploys.measure),
    Benchmark("drains", "A drain, beside Docker's CLI.", drains.measure),
    Benchmark("forming", "Forming a cluster, a join and a status, beside other ways.", forming.measure),
    Benchmark("growth", "Questions about clusters of 10 to 5,000 nodes.", growth.measure),
    Benchmark("large-cluster", "What watch costs for a cluster of 500 nodes.", large_cluster.measure),
    Benchmark("queue", "Jobs: how many, how soon they start, and how soon another worker takes over.", queue.measure),
    Benchmark("services", "Questions about 500 services and 5,000 tasks, from JSON to blocks.", services.measure),
    Benchmark("spans", "Where the time of forming a cluster and of a join goes.", order_spans.measure),
    Benchmark("status", "How soon `status` shows something, with what watch read and without.", status.measure),
    Benchmark(
        "takeover", "How soon another process watches a cluster when the one that leads is killed.", takeover.measure
    ),
    Benchmark("watch", "How soon watch tells of a power cut, and what it costs.", watch.measure),
)
