"""/metrics of a process: the page, and a server of its own for it. No label or value is a secret.

Labels are names in swarmbot.yml and words of Docker's and Swarmbot's own, never a person's text.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from redis import Redis

from bot.metrics.stored import StoredMetrics
from bot.settings import Listen

SLACK_ANSWER_BUCKETS_S: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Slack shows an error after 3 s."""
HOST_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0)

log = logging.getLogger(__name__)

disable_created_metrics()  # type: ignore[no-untyped-call] # it has no types; nobody reads these series


class MetricsPage(NamedTuple):
    """What /metrics shows."""

    content_type: str
    body: bytes


class Metrics:
    """The metrics of one process. Safe to share between threads. ``redis`` must give up a call within a second."""

    def __init__(self, redis: Redis, clusters: Sequence[str], webhooks: Sequence[str] = ()) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(StoredMetrics(redis, clusters, webhooks))

    def page(self) -> MetricsPage:
        """Return the metrics as they are now."""
        return MetricsPage(CONTENT_TYPE_LATEST, generate_latest(self.registry))

    def listen(self, at: Listen) -> None:
        """Serve them at an address of their own as long as the process runs.

        If the address is in use, the process runs without.
        """
        try:
            start_http_server(at.port, at.address, self.registry)
        except OSError as error:
            log.error("/metrics cannot be served at %s:%d: %s", at.address, at.port, error)  # noqa: TRY400 - the cause says all
        else:
            log.info("/metrics is served at %s:%d", at.address, at.port)


class WebMetrics(Metrics):
    """The metrics of the web process. ``shown``: whether it shows them with its other pages."""

    def __init__(self, redis: Redis, clusters: Sequence[str], webhooks: Sequence[str] = (), *, shown: bool) -> None:
        super().__init__(redis, clusters, webhooks)
        self.shown = shown
        self._answers = Histogram(
            "swarmbot_slack_acknowledgement_seconds",
            "From a request of Slack's to the answer that acknowledges it.",
            registry=self.registry,
            buckets=SLACK_ANSWER_BUCKETS_S,
        )

    def acknowledged(self, seconds: float) -> None:
        """Note how long a request of Slack's took."""
        self._answers.observe(seconds)


class WatchMetrics(Metrics):
    """The metrics of watch."""

    def __init__(self, redis: Redis, clusters: Sequence[str], webhooks: Sequence[str] = ()) -> None:
        super().__init__(redis, clusters, webhooks)
        self._hosts = Histogram(
            "swarmbot_host_read_seconds",
            "How long it took to read one host, over SSH.",
            ["responded"],
            registry=self.registry,
            buckets=HOST_BUCKETS_S,
        )

    def host_read(self, seconds: float, *, responded: bool) -> None:
        """Note how long the reading of a host took."""
        self._hosts.labels("true" if responded else "false").observe(seconds)
