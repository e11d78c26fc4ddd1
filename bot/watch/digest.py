"""Posts a digest in each cluster's channel once a day, at a set time. The process that leads its watch does it."""

from __future__ import annotations

import logging
import time as clock
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from bot.audit import Entry
from bot.blocks import Message, paragraphs, plain_line
from bot.model import Engines, FactsQuery
from bot.outbox.deliverer import Deliverer, Ready
from bot.outbox.outgoing import Outgoing
from bot.pictures.message_pictures import Pictures
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.store.leader_lease import LeaderLease, LeadershipLost
from bot.swarm.history.chart import chart_of
from bot.swarm.history.span import HistorySpan
from bot.swarm.history.words import lines
from bot.swarm.incidents.digest import DAY_S, Day, DayChange, Outcome, digest_message
from bot.swarm.reading.facts_reader import FactsReader
from bot.watch.history import WatchHistory
from bot.watch.messages import WATCH
from bot.watch.repository import WatchRepository
from bot.watch.upkeep import last_backup

INTERVAL_S: Final = 20.0
"""Seconds between two checks whether a digest is due."""
LATE_S: Final = 6 * 3600.0
"""How long after its time a digest is still posted, if nothing watched then."""
READ_TIMEOUT_S: Final = 5.0
MAX_JOBS: Final = 500
"""At most this many jobs of a day are read: the latest."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DigestTime:
    """When a digest is posted."""

    at: time
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Watched:
    """A cluster that this process may lead."""

    name: str
    channel: str
    engines: Engines
    lease: Callable[[], LeaderLease | None]
    """Returns the lease of its watch if this process has it."""


def due_day(digest: DigestTime, now: float) -> date | None:
    """Return the day, in its time zone, whose digest is due at ``now`` (unix seconds); None if no digest is due.

    A time that daylight saving repeats counts once, the first time; one that it skips counts as an hour earlier.
    """
    today = datetime.fromtimestamp(now, UTC).astimezone(digest.zone).date()
    for day in (today, today - timedelta(days=1)):
        local = datetime.combine(day, digest.at, digest.zone)
        moment = min(local.timestamp(), local.replace(fold=1).timestamp())
        if moment <= now:
            return day if now - moment < LATE_S else None
    return None


class Digests:
    """For one thread. ``backup_days``: how old a backup may be, 0 without a limit."""

    def __init__(
        self,
        digest: DigestTime,
        clusters: Iterable[Watched],
        *,
        repository: WatchRepository,
        history: WatchHistory,
        pictures: Pictures,
        queue: Queue,
        reader: FactsReader,
        deliverer: Deliverer,
        backup_days: float,
        now: Callable[[], float] = clock.time,
    ) -> None:
        self._digest = digest
        self._clusters = tuple(clusters)
        self._repository = repository
        self._history = history
        self._pictures = pictures
        self._queue = queue
        self._reader = reader
        self._deliverer = deliverer
        self._backup_days = backup_days
        self._now = now

    def run_once(self) -> None:
        """Post the digests that are due of the clusters that this process leads. Raises Unavailable."""
        day = due_day(self._digest, self._now())
        for cluster in self._clusters if day else ():
            lease = cluster.lease()
            if day is None or lease is None or not lease.held:
                continue
            if self._repository.last_digest(cluster.name) >= day.isoformat():
                continue
            try:
                self._tell(cluster, lease, day.isoformat())
            except LeadershipLost:
                log.info("Another process tells the digest of %s.", cluster.name)

    def _tell(self, cluster: Watched, lease: LeaderLease, day: str) -> None:
        query = FactsQuery(all_hosts=True, services=True, certificates=True, timeout_s=READ_TIMEOUT_S)
        facts = self._reader.read(cluster.name, cluster.engines, query)
        now = self._now()
        state = self._repository.state(cluster.name)
        found = Day(
            facts=facts,
            changes=day_changes(self._queue.recent(cluster.name, MAX_JOBS), now),
            incidents=tuple(
                each for each in state.incidents if each.told_at and (each.open or now - each.resolved_at < DAY_S)
            ),
            silences=self._repository.said(cluster.name, now).silences,
            last_backup=last_backup(cluster.engines),
            backup_days=self._backup_days,
        )
        outgoing = Outgoing(
            id=f"digest:{cluster.name}:{day}",
            target="channel",
            message=self._with_history(digest_message(found), cluster.name, now),
            about=Entry("", WATCH, cluster=cluster.name, channel=cluster.channel, command="watch", words="watch"),
            made_at=now,
            channel=cluster.channel,
            user="",
        )
        if self._repository.promise_digest(lease, cluster.name, day, outgoing):
            self._deliverer.send([Ready(outgoing)])

    def _with_history(self, message: Message, cluster: str, now: float) -> Message:
        """Return the digest with a picture of its day; with equivalent words if Slack does not accept the picture."""
        chart = chart_of(cluster, self._history.history(cluster).samples, HistorySpan(now - DAY_S, now), now)
        if chart is None:
            return message
        words = [*lines(chart)]
        shown = self._pictures.blocks(words, paragraphs(map(plain_line, words)), chart, f"history-{cluster}")
        *most, note = message.blocks
        return replace(message, blocks=(*most, *shown, note))


def day_changes(jobs: Iterable[Job], now: float) -> tuple[DayChange, ...]:
    """Return the jobs that changed something within a day before ``now``, that run, or that wait for a decision."""
    return tuple(
        DayChange(job.id, job.order.words, job.order.requester, outcome, job.finished_at or 0.0)
        for job in jobs
        if job.order.lane == "exclusive" and not job.order.only_plan and (outcome := _outcome(job, now))
    )


def _outcome(job: Job, now: float) -> Outcome | None:
    if job.state in {"awaiting_approval", "awaiting_confirmation"}:
        return "waits"
    if not job.begun or (job.finished_at is not None and now - job.finished_at > DAY_S):
        return None
    if job.finished_at is None:
        return "running"
    return "succeeded" if job.state == "succeeded" else "cancelled" if job.state == "cancelled" else "failed"
