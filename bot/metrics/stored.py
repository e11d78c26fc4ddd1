"""The metrics in Redis: equal on every process, read when Prometheus asks.

The counts of a cluster come from the last reading of the process that leads its watch. What is older than FRESH_S is
left out, because nothing says that it still holds.
"""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, get_args

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from redis import Redis

from bot.audit import Audit
from bot.config.models import Severity
from bot.errors import Unavailable
from bot.model.incident import ClusterNumbers
from bot.outbox.outbox import Outbox
from bot.queue.counts import BUCKETS_S, Durations, JobCounts, job_counts
from bot.queue.queue import Queue
from bot.store.durability import problems
from bot.swarm.incidents.incident_message import severity_of
from bot.watch.repository import WatchRepository
from bot.webhooks.deliveries import Deliveries

FRESH_S: Final = 60.0
"""How long the counts of a reading are shown. The slowest reading by default is 10 s after the last one."""

log = logging.getLogger(__name__)


class StoredMetrics(Collector):
    """Safe to share between threads. Takes as long as ``redis`` lets a call take. ``now`` returns unix seconds."""

    def __init__(
        self,
        redis: Redis,
        clusters: Sequence[str],
        webhooks: Sequence[str] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        audit = Audit(redis)
        self._redis = redis
        self._queue = Queue(redis, audit)
        self._outbox = Outbox(redis, audit)
        self._watch = WatchRepository(redis, audit)
        self._deliveries = Deliveries(redis, audit)
        self._webhooks = tuple(webhooks)
        self._clusters = tuple(clusters)
        self._now = now

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the registry would ask Redis for the names when the process starts."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return all metrics; if Redis does not respond, only that it does not."""
        try:
            return [
                _gauge("swarmbot_redis_up", "Whether Redis responds.", 1),
                _gauge("swarmbot_redis_durable", "Whether Redis keeps what is stored.", not problems(self._redis)),
                _gauge("swarmbot_workers", "Workers with a fresh heartbeat.", self._queue.alive()),
                *_job_metrics(job_counts(self._redis, self._clusters)),
                *self._outbox_metrics(),
                *self._cluster_metrics(),
            ]
        except Unavailable as error:
            log.warning("/metrics: %s", error)
            return [_gauge("swarmbot_redis_up", "Whether Redis responds.", 0)]

    def _outbox_metrics(self) -> Iterator[Metric]:
        backlog = self._outbox.backlog()
        yield _gauge("swarmbot_outbox_messages", "Messages that Slack has not accepted yet.", backlog.count)
        oldest = "When the oldest message that Slack has not accepted was made; absent if none waits."
        family = GaugeMetricFamily("swarmbot_outbox_oldest_message_timestamp_seconds", oldest)
        if backlog.count:
            family.add_metric([], backlog.oldest)
        yield family
        webhooks = GaugeMetricFamily(
            "swarmbot_webhook_deliveries", "Requests that a webhook has not accepted yet.", labels=["webhook"]
        )
        for name, count in self._deliveries.waiting(self._webhooks).items():
            webhooks.add_metric([name], count)
        yield webhooks

    def _cluster_metrics(self) -> Iterator[Metric]:
        watched = _by_cluster("watched", "Whether a process watches the cluster.")
        readable = _by_cluster("readable", "Whether the cluster was read within the last 60 s.")
        read_at = _by_cluster("read_timestamp_seconds", "When the hosts of the cluster were last read.")
        took = _by_cluster("read_duration_seconds", "How long the last reading of the cluster took.")
        unread = _by_cluster("hosts_unread", "Hosts in swarmbot.yml that did not respond to the last reading.")
        incidents = _by_cluster("incidents_open", "Incidents that have not ended.", "severity")
        numbers = _Numbers()
        for cluster in self._clusters:
            watched.add_metric([cluster], bool(self._watch.leader(cluster)))
            last_reading = self._watch.last_reading(cluster)
            fresh = last_reading is not None and self._now() - last_reading.at < FRESH_S
            readable.add_metric([cluster], bool(fresh and last_reading and last_reading.numbers))
            if last_reading is not None:
                read_at.add_metric([cluster], last_reading.at)
                took.add_metric([cluster], last_reading.duration_s)
            if fresh and last_reading:
                unread.add_metric([cluster], len(last_reading.unread))
                numbers.add(cluster, last_reading.numbers)
            found = Counter(severity_of(each) for each in self._watch.state(cluster).incidents if each.open)
            for severity in get_args(Severity):
                incidents.add_metric([cluster, severity], found[severity])
        yield from (watched, readable, read_at, took, unread, incidents, *numbers.families())


class _Numbers:
    """The metrics of what a reading counts."""

    def __init__(self) -> None:
        self._nodes = _by_cluster("nodes", "Nodes by role and state.", "role", "state")
        self._gauges = {
            "managers": _by_cluster("managers", "Managers that are members of Raft."),
            "managers_reachable": _by_cluster("managers_reachable", "Managers that are reachable in Raft."),
            "managers_needed": _by_cluster("managers_needed", "Managers that must be reachable for a quorum."),
            "services": _by_cluster("services", "Services."),
            "services_short": _by_cluster("services_short", "Services with fewer running tasks than desired."),
            "tasks_desired": _by_cluster("tasks_desired", "Tasks that the services should run."),
            "tasks_running": _by_cluster("tasks_running", "Tasks of the services that run."),
        }

    def add(self, cluster: str, numbers: ClusterNumbers | None) -> None:
        """Add what was counted in a cluster, if it could be read."""
        if numbers is None:
            return
        for role, state, number in numbers.nodes:
            self._nodes.add_metric([cluster, role, state], number)
        for name, gauge in self._gauges.items():
            gauge.add_metric([cluster], getattr(numbers, name))

    def families(self) -> list[GaugeMetricFamily]:
        """Return the metrics."""
        return [self._nodes, *self._gauges.values()]


def _job_metrics(counts: JobCounts) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("swarmbot_jobs", "Jobs that have not ended.", labels=["lane", "state"])
    for state, by_lane in (("running", counts.running), ("queued", counts.queued)):
        for lane, count in by_lane.items():
            jobs.add_metric([lane, state], count)
    jobs.add_metric(["exclusive", "awaiting_approval"], counts.awaiting_approval)
    yield jobs
    in_line = _by_cluster("changes_waiting", "Changes that wait in line behind the one that runs.")
    for cluster, count in counts.in_line.items():
        in_line.add_metric([cluster], count)
    yield in_line
    durations = HistogramMetricFamily(
        "swarmbot_job_duration_seconds", "From a job's start to its end.", labels=["lane", "state"]
    )
    for each in counts.durations:
        durations.add_metric([each.lane, each.state], _cumulative(each), each.total_s)
    yield durations


def _cumulative(durations: Durations) -> list[tuple[str, float]]:
    """Return how many jobs ended within each end of a bucket, as Prometheus counts them."""
    ends = (*BUCKETS_S, math.inf)
    return [
        ("+Inf" if end == math.inf else str(end), sum(count for kept, count in durations.by_end.items() if kept <= end))
        for end in ends
    ]


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _by_cluster(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"swarmbot_cluster_{name}", text, labels=["cluster", *labels])
