"""The periodic check of the routes between a cluster's nodes, as by `/swarm check --all`, in a thread.

It creates a network, and a container on each node that it tests, and removes them. So it is made only if swarmbot.yml
asks for it, never while a change of the cluster runs or waits for its turn, and never without a quorum.
"""

from __future__ import annotations

import logging
from threading import Thread
from typing import Final

from bot.model import Engines, Facts, FactsQuery
from bot.model.incident import WatchState
from bot.queue.queue import Queue
from bot.swarm.incidents.overlay_signals import is_overlay_doubted, is_overlay_told, nodes_to_check
from bot.swarm.incidents.quorum_signals import is_trusted
from bot.swarm.reading.facts_reader import FactsReader

CONFIRM_AFTER_S: Final = 60.0
"""The time after which a check is repeated that shows a blocked route for the first time."""
TOLD_INTERVAL_S: Final = 900.0
"""Seconds between two checks while an incident reports a blocked route, if swarmbot.yml has no shorter time."""
RETRY_S: Final = 300.0
"""The time until the next check after one that showed nothing: there was a change, or nothing could be tested."""
MIN_NODES: Final = 2
MAX_JOBS: Final = 20
"""At most this many jobs that ended meanwhile are read: the latest. They show that something was changed."""

log = logging.getLogger(__name__)


class OverlayCheck:
    """The checks of one cluster, for one thread. ``interval_s``: between two of them; 0: there are none."""

    def __init__(self, cluster: str, engines: Engines, reader: FactsReader, queue: Queue, interval_s: float) -> None:
        self._cluster = cluster
        self._engines = engines
        self._reader = reader
        self._queue = queue
        self._interval_s = interval_s
        self._running: _Check | None = None
        self._not_before = 0.0

    @property
    def runs(self) -> bool:
        """Whether a check runs."""
        return self._running is not None and self._running.is_alive()

    def begin_if_due(self, state: WatchState, facts: Facts, now: float) -> None:
        """Begin a check if it is time for one and the cluster is fit for it. Raises Unavailable.

        ``facts`` are those of the last reading; ``now`` is in unix seconds.
        """
        if not self._interval_s or self._running or now < self._due(state):
            return
        swarm = facts.swarm if is_trusted(facts) else None
        if swarm is None or sum(node.ready for node in swarm.nodes) < MIN_NODES or self._is_changed(since=now):
            return
        nodes = nodes_to_check(state, swarm, int(now // self._interval_s))
        query = FactsQuery(mesh=True, mesh_nodes=nodes, all_hosts=True)
        self._running = _Check(self._cluster, self._engines, self._reader, query, now)
        self._running.start()

    def result(self, now: float) -> Facts | None:
        """Return the facts of the check that has ended since the last call; None if none has. Raises Unavailable.

        A check during a change of the cluster proves nothing.
        """
        check = self._running
        if check is None or self.runs:
            return None
        self._running = None
        if check.facts is None or not check.facts.probed_routes or self._is_changed(since=check.began):
            self._not_before = now + min(RETRY_S, self._interval_s)
            return None
        return check.facts

    def _due(self, state: WatchState) -> float:
        """Return when the next check is due, unix seconds."""
        interval_s = self._interval_s
        if is_overlay_doubted(state):
            interval_s = min(CONFIRM_AFTER_S, interval_s)
        elif is_overlay_told(state):
            interval_s = min(TOLD_INTERVAL_S, interval_s)
        return max(state.overlay_checked_at + interval_s, self._not_before)

    def _is_changed(self, since: float) -> bool:
        """Return whether a change runs or waits for its turn, or ended after ``since``."""
        if self._queue.in_line(self._cluster):
            return True
        jobs = self._queue.recent(self._cluster, MAX_JOBS)
        return any(job.begun and job.finished_at is not None and job.finished_at >= since for job in jobs)


class _Check(Thread):
    """One check, which began at ``began`` (unix seconds). ``facts`` is what it has read, once it has ended."""

    def __init__(self, cluster: str, engines: Engines, reader: FactsReader, query: FactsQuery, began: float) -> None:
        super().__init__(name=f"check {cluster}", daemon=True)
        self._cluster = cluster
        self._engines = engines
        self._reader = reader
        self._query = query
        self.began = began
        self.facts: Facts | None = None

    def run(self) -> None:
        """Make it."""
        log.info("The routes of %s are checked.", self._cluster)
        try:
            self.facts = self._reader.read(self._cluster, self._engines, self._query)
        except Exception:  # the next check may succeed
            log.exception("The check of the routes of %s failed.", self._cluster)
