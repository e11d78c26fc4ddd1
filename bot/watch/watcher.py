"""Watches one cluster, if this process leads: reads it again and again, and reports what is wrong.

An event only means "read now", and readings are the truth. A reading that hangs delays neither the lease, which is
renewed in a thread of its own, nor other clusters.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final

from bot.errors import SwarmbotError, Unavailable
from bot.good_specs import GoodSpecs
from bot.last_read import LastRead
from bot.model import Engines, Facts
from bot.model.history import Sample
from bot.model.incident import Advanced, ClusterNumbers, LastReading, WatchSettings, WatchState
from bot.model.observation import Observation
from bot.outbox.deliverer import Deliverer, Ready
from bot.outbox.outgoing import Outgoing
from bot.queue.job import new_id
from bot.queue.queue import Queue
from bot.store import keys
from bot.store.leader_lease import LeaderLease, LeaderLeases, LeadershipLost
from bot.swarm.health.summary import summary_of
from bot.swarm.incidents.observation import nothing_read, observe
from bot.swarm.incidents.service_signals import may_go_back
from bot.swarm.incidents.transitions import advance
from bot.swarm.incidents.watch_state import held_signals
from bot.swarm.reading.facts_reader import FactsReader
from bot.watch.announce import announcements
from bot.watch.cluster_numbers import cluster_numbers
from bot.watch.event_listener import EventListener
from bot.watch.history import WatchHistory
from bot.watch.messages import incident_entry, incident_outgoing, note_outgoing
from bot.watch.overlay_check import OverlayCheck
from bot.watch.pace import Pace
from bot.watch.planned_work import planned_work
from bot.watch.reading import Reading
from bot.watch.repository import WatchRepository
from bot.watch.samples import merged, sample_of, slot_of
from bot.watch.upkeep import Upkeep
from bot.webhooks.targets import Target

LEASE_S: Final = 9.0
"""After this time without renewal another process may lead."""
RENEWAL_S: Final = LEASE_S / 3
FOLLOW_S: Final = 2.0
"""How often a process that does not lead asks whether the lease is free. With LEASE_S: failover within 11 s."""
STUCK_S: Final = 120.0
"""A reading that takes longer is stuck: the lease is not renewed any more, so that another process leads."""
MIN_PAUSE_S: Final = 1.0
"""The least time between two readings, however many events there are: a busy cluster costs at most one reading a
second."""
SLICE_S: Final = 0.5
"""The longest pause after the process was ordered to stop."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchServices:
    """What the watchers of a process share. Each is safe to share between threads."""

    name: str
    """The process."""
    queue: Queue
    repository: WatchRepository
    history: WatchHistory
    leases: LeaderLeases
    reader: FactsReader
    last_read: LastRead
    deliverer: Deliverer
    settings: WatchSettings
    poll_s: float
    """Seconds between two readings while something is open or has just changed."""
    quiet_poll_s: float
    """Seconds between two readings while nothing is open and nothing has just changed."""
    upkeep: Upkeep
    overlay_check_s: float = 0.0
    """Seconds between two checks of the routes between a cluster's nodes; 0: no checks."""
    checker: FactsReader | None = None
    """The reader for these checks, so that hosts that they wait for do not delay readings; None: ``reader``."""
    webhooks: Sequence[Target] = ()
    good_specs: GoodSpecs | None = None
    """The last good specs, to which a service returns after a failed rollback; None: they are not offered."""
    quiet: Callable[[str, float], str] = lambda _cluster, _now: ""
    """Returns why nothing new is reported of a cluster now; "" if it is reported."""
    now: Callable[[], float] = time.time


class Watcher:
    """Watches the cluster ``name`` from ``start`` until ``stopping`` is set. ``channel`` gets its incidents."""

    def __init__(self, name: str, channel: str, engines: Engines, services: WatchServices, stopping: Event) -> None:
        self._name = name
        self._channel = channel
        self._services = services
        self._reading = Reading(name, engines, services.reader)
        self._listener = EventListener(engines)
        checker = services.checker or services.reader
        self._overlay = OverlayCheck(name, engines, checker, services.queue, services.overlay_check_s)
        self._lease: LeaderLease | None = None
        self._state: WatchState | None = None
        self._facts: Facts | None = None
        self._sample: Sample | None = None
        self._event_came = False
        self._pace = Pace(services.poll_s, services.quiet_poll_s)
        self._reading_began = 0.0
        self._stopping = stopping
        self._threads = [
            Thread(target=self._run, name=f"watch {name}", daemon=True),
            Thread(target=self._keep_lease, name=f"lease of {name}", daemon=True),
        ]

    def lease(self) -> LeaderLease | None:
        """Return the lease to watch the cluster; None if this process does not lead."""
        return self._lease

    def start(self) -> None:
        """Start its threads."""
        for thread in self._threads:
            thread.start()

    def end(self, timeout_s: float = 5.0) -> None:
        """Release the lease, so that another process leads at once. Call it after ``stopping`` was set.

        A reading that hangs is cut off.

        ``timeout_s`` is for each of its two threads.
        """
        for thread in self._threads:
            thread.join(timeout_s)
        if lease := self._lease:
            with suppress(Unavailable):
                lease.release()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._reading_began = time.monotonic()
            try:
                pause_s = self._read_and_report()
            except LeadershipLost:
                log.warning("Another process watches %s from now on.", self._name)
                self._resign()
                pause_s = FOLLOW_S
            except SwarmbotError as error:
                log.warning("watch %s: %s", self._name, error)
                self._state = None  # what is stored is read again
                pause_s = FOLLOW_S
            except Exception:  # nobody would notice that the thread is gone
                log.exception("A reading of watch for %s failed.", self._name)
                self._state = None
                pause_s = FOLLOW_S
            self._reading_began = 0.0
            self._pause(pause_s)
        self._listener.close()

    def _keep_lease(self) -> None:
        while not self._stopping.wait(RENEWAL_S):
            lease, began = self._lease, self._reading_began
            if lease is None or (began and time.monotonic() - began > STUCK_S):
                continue
            try:
                lease.renew()
            except LeadershipLost:
                self._lease = None
            except Unavailable as error:
                log.warning("The lease to watch %s was not renewed: %s", self._name, error)

    def _resign(self) -> None:
        self._lease, self._state = None, None
        self._listener.close()

    def _read_and_report(self) -> float:
        """Read the cluster and report what has changed. Return the longest time in seconds to the next reading."""
        lease = self._lease
        if lease is None or not lease.held:
            self._resign()
            lease = self._lease = self._services.leases.acquire(keys.watch_lease(self._name), LEASE_S)
            if lease is None:
                return FOLLOW_S
            log.info("This process watches %s.", self._name)
        if self._state is None:
            self._state, self._facts, self._sample = self._services.repository.state(self._name), None, None
        if self._facts is not None and self._pace.is_due(self._services.now()):
            # What must be reported now does not wait for a reading, which a silent host may delay.
            self._tell(lease, self._state, nothing_read(self._name, self._services.now()), self._facts)
        expiring = any(each.kind == "certificate expires" for each in held_signals(self._state))
        facts = self._reading.read(urgent=self._event_came, expiring=expiring)
        self._listener.listen_to(facts.swarm.read_from if facts.swarm else "")
        if facts.swarm is not None:
            self._services.last_read.note(self._name, facts.swarm, services=True)
        if self._services.good_specs is not None:
            facts = self._services.good_specs.added_to(facts, may_go_back(self._state, facts))
        extra, checked = self._services.upkeep.known(self._name), self._overlay.result(self._services.now())
        seen = observe(self._state, facts, self._services.settings, extra, checked)
        self._tell(lease, self._state, seen, facts)
        self._facts = facts
        self._overlay.begin_if_due(self._state, facts, self._services.now())
        return self._pace.interval_s

    def _tell(self, lease: LeaderLease, before: WatchState, seen: Observation, facts: Facts) -> None:
        """Store what was seen, with the messages that report it. ``facts`` are those that were read last."""
        services = self._services
        now = services.now()
        said = services.repository.said(self._name, now)
        advanced = advance(
            before,
            seen,
            silences=said.silences,
            work=planned_work(services.queue, facts, now),
            settings=services.settings,
            new_id=self._new_id(before),
            acknowledged=said.acknowledged,
            quiet=services.quiet(self._name, now),
        )
        self._pace.note(facts, advanced.state, advanced.due, now)
        messages = self._messages(advanced, now)
        entries = [
            incident_entry(each.incident, self._name, self._channel, each.action, each.detail)
            for each in advanced.entries
        ]
        last_reading = self._reading_record(facts, advanced.state)
        services.repository.store(
            lease,
            self._name,
            advanced.state,
            last_reading,
            said,
            summary=summary_of(facts, whole=False) if facts.swarm else None,
            age_s=services.now() - (facts.at - facts.duration_s),
            messages=messages,
            deliveries=announcements(before, advanced, services.webhooks, self._name, now),
            entries=entries,
        )
        self._state = advanced.state
        services.deliverer.send([Ready(each) for each in messages])
        self._record(lease, facts, advanced.state, last_reading.numbers)

    def _record(self, lease: LeaderLease, facts: Facts, state: WatchState, seen: ClusterNumbers | None) -> None:
        """Record a reading in the cluster's history, if it adds something to the sample of its slot."""
        if self._sample is None or self._sample.at != slot_of(facts.at):
            self._sample = self._services.history.sample(self._name, slot_of(facts.at))
        sample = merged(self._sample, sample_of(facts, state, seen))
        if sample != self._sample:
            self._services.history.record(lease, self._name, sample)
            self._sample = sample

    def _messages(self, advanced: Advanced, now: float) -> list[Outgoing]:
        """Return the messages of a reading, before the notes in their threads."""
        incidents = {each.id: each for each in advanced.state.incidents}
        messages = [incident_outgoing(each, self._channel, now) for each in advanced.told]
        notes = [
            note_outgoing(incidents[each.incident], each, self._channel, now, place)
            for place, each in enumerate(advanced.noted)
        ]
        return [*messages, *notes]

    def _reading_record(self, facts: Facts, state: WatchState) -> LastReading:
        swarm = facts.swarm
        return LastReading(
            leader=self._services.name,
            at=facts.at,
            duration_s=round(facts.duration_s, 3),
            interval_s=self._pace.interval_s,
            read_from=swarm.read_from if swarm else "",
            bell=self._listener.is_listening,
            nodes=len(swarm.nodes) if swarm else 0,
            services=len(swarm.services) if swarm else 0,
            unread=tuple(name for name, host in facts.hosts.items() if not host.responds),
            numbers=cluster_numbers(swarm) if swarm else None,
            overlay_checked_at=state.overlay_checked_at,
            overlay_check_s=self._services.overlay_check_s,
        )

    def _new_id(self, state: WatchState) -> Callable[[], str]:
        """Return a function that makes ids that no incident of the cluster has."""
        taken = {each.id for each in state.incidents}

        def unused_id() -> str:
            while (made := new_id()) in taken:
                pass
            taken.add(made)
            return made

        return unused_id

    def _pause(self, seconds: float) -> None:
        """Wait until the next reading is due, an event comes, or the process stops."""
        end = time.monotonic() + seconds
        self._event_came = False
        self._stopping.wait(min(MIN_PAUSE_S, seconds))
        while not self._stopping.is_set() and (left := end - time.monotonic()) > 0:
            if self._listener.wait_for_event(min(SLICE_S, left), self._stopping):
                self._pace.hurry(self._services.now())
                self._event_came = True
                return
