"""Keep the incidents of a cluster: what a new observation begins, changes and ends. Pure.

Signals wait until they have held long enough, and while a job of Swarmbot's own explains them. Then each becomes part
of the incident that :mod:`bot.swarm.incidents.incident_choice` finds, or opens one. :mod:`bot.swarm.incidents.telling`
decides what is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.blocks import order_text, tick
from bot.model.incident import (
    Acknowledgement,
    Advanced,
    Incident,
    PlannedWork,
    Silence,
    Tracked,
    WatchSettings,
    WatchState,
)
from bot.model.observation import Observation, Signal
from bot.swarm.incidents.flapping import ends_of_flapping, with_change, with_flapping
from bot.swarm.incidents.grouping import (
    AFTER_RESTARTS_S,
    AFTER_WORK_S,
    HOSTS,
    awaits_cause,
    explains,
    flapping_of,
    is_about_service,
    rank,
    root_of,
    work_behind,
)
from bot.swarm.incidents.incident_choice import (
    ended_before,
    explained_by,
    explained_in,
    in_storm,
    may_have_another_cause,
    must_notify,
)
from bot.swarm.incidents.incident_message import resolved_text
from bot.swarm.incidents.partial_observation import UNSEEN
from bot.swarm.incidents.telling import tell
from bot.swarm.incidents.thread import ThreadLine, acknowledged_line, began_line, ended_line, returned_lines
from bot.swarm.incidents.tracking import followed
from bot.swarm.incidents.watch_state import remembered

MAX_TOLD_AGAIN: Final = 5
"""How often the thread reports that one signal begins and ends."""


def advance(
    state: WatchState,
    seen: Observation,
    *,
    silences: Sequence[Silence],
    work: Sequence[PlannedWork],
    settings: WatchSettings,
    new_id: Callable[[], str],
    acknowledged: Sequence[Acknowledgement] = (),
    quiet: str = "",
) -> Advanced:
    """Return the state after an observation, and what to report.

    ``acknowledged``: what people acknowledged; those already known change nothing. ``quiet``: why nothing new is
    reported now, a freeze or a maintenance window; "" if there is none. The loss of the quorum is reported even then.
    """
    step = _Step(seen, work, new_id, [*state.incidents], [*state.waiting])
    step.follow()
    step.admit()
    step.note()
    step.acknowledge(acknowledged)
    step.settle(settings)
    told = tell(
        step.incidents,
        step.lines,
        seen.at,
        silences=silences,
        settings=settings,
        quiet=quiet,
        acknowledged=step.acknowledged,
    )
    due = min((each for each in (*told.due, *step.due(settings)) if each > seen.at), default=0.0)
    return Advanced(
        state=remembered(state, seen, told.incidents, step.waiting),
        told=tuple(told.messages),
        noted=tuple(told.notes),
        entries=tuple(told.entries),
        due=due,
    )


@dataclass(slots=True)
class _Step:
    """One step, while it is made."""

    seen: Observation
    work: Sequence[PlannedWork]
    new_id: Callable[[], str]
    incidents: list[Incident]
    waiting: list[Tracked]
    lines: dict[str, list[ThreadLine]] = field(default_factory=dict)
    """New lines of each incident's thread."""
    acknowledged: set[str] = field(default_factory=set)
    """The incidents that were acknowledged just now."""

    @property
    def now(self) -> float:
        """When the observation was made."""
        return self.seen.at

    def follow(self) -> None:
        """Update the signals that are known, and make new ones wait."""
        signals = {signal.key: self._unless_under_way(signal) for signal in self.seen.signals}
        signals = {key: signal for key, signal in signals.items() if signal.severity != "note"}
        self.incidents = [self._followed(each, signals) for each in self.incidents]
        waiting = [followed(each, self.seen, signals) for each in self.waiting]
        self.waiting = [each for each in waiting if not each.over_at]
        known = {
            each.signal.key
            for incident in self._open()
            for each in incident.tracked
            if not may_have_another_cause(incident, each)
        }
        known |= {each.signal.key for each in self.waiting}
        self.waiting += [Tracked(signal, self.now, self.now) for key, signal in signals.items() if key not in known]

    def _unless_under_way(self, signal: Signal) -> Signal:
        """Return the signal without its fix while a job about its service runs: a second one may undo the first."""
        under_way = any(not each.ended_at and is_about_service(each, signal) for each in self.work)
        return replace(signal, fix="") if under_way else signal

    def _followed(self, incident: Incident, signals: dict[str, Signal]) -> Incident:
        if not incident.open:
            return incident
        tracked = tuple(
            each if may_have_another_cause(incident, each) else followed(each, self.seen, signals)
            for each in incident.tracked
        )
        for old, new in zip(incident.tracked, tracked, strict=True):
            for line in returned_lines(old, new, self.seen):
                self._say(incident, line)
            if bool(old.over_at) == bool(new.over_at):
                continue
            if new.begun <= MAX_TOLD_AGAIN and flapping_of(incident.tracked) is None:
                goes_on = any(not each.over_at for each in tracked)
                goes_on = goes_on or any(explains(new.signal, each) for each in signals.values())
                ended = ended_line(new, goes_on=goes_on)
                self._say(incident, ended if new.over_at else self._began(incident, new, tracked))
        return replace(incident, tracked=tracked, quorum=self._quorum(incident))

    def acknowledge(self, acknowledged: Iterable[Acknowledgement]) -> None:
        """Keep who takes care of each incident; the first one counts."""
        for acknowledgement in acknowledged:
            for place, incident in enumerate(self.incidents):
                if incident.id == acknowledgement.incident and incident.open and not incident.acknowledged_by:
                    self.incidents[place] = replace(
                        incident, acknowledged_by=acknowledgement.by, acknowledged_at=acknowledgement.at
                    )
                    self.acknowledged.add(incident.id)
                    self._say(incident, acknowledged_line(acknowledgement))

    def admit(self) -> None:
        """Make signals part of incidents: what open ones explain at once, others when they have held long enough."""
        placed = True
        while placed:
            self.waiting.sort(key=lambda each: (rank(each.signal), each.signal.key))
            held_back = self._held_back() if self.work else set()
            results = [self._place(waiting, held_back) for waiting in (*self.waiting,)]
            placed = any(results)

    def _place(self, waiting: Tracked, held_back: set[str]) -> bool:
        """Assign a signal to an incident, if it may have one. Causes must come before what they explain."""
        ripe = waiting.last_seen - waiting.first_seen >= waiting.signal.holds_s  # it was seen to hold for this long
        place = explained_in(self.incidents, waiting.signal, self.now, ripe=ripe)
        if place is None:
            if waiting.signal.key in held_back or not ripe or awaits_cause(waiting.signal, self.waiting, self.now):
                return False
            place = self._gets_better_root(waiting)
        if place is None:
            place = ended_before(self.incidents, waiting.signal, self.now)
        if place is None:
            place = in_storm(self.incidents, waiting.signal, self.now)
        self.waiting = [each for each in self.waiting if each is not waiting]
        if place is None:
            self._begin(waiting)
        else:
            self._add(place, waiting)
        return True

    def _held_back(self) -> set[str]:
        """Return the waiting signals that a job of Swarmbot's own explains, directly or through another of them."""
        causes: dict[str, str] = {}
        for place, waiting in enumerate(self.waiting):
            job = work_behind(waiting.signal, self.work, self.now)
            cause = f"{tick(job.job)} ({order_text(job.words)})" if job else ""
            through = (
                causes[other.signal.key]
                for other in self.waiting[:place]
                if other.signal.key in causes and explains(other.signal, waiting.signal)
            )
            if cause := cause or next(through, ""):
                causes[waiting.signal.key] = cause
                self.waiting[place] = replace(waiting, cause=cause)
        return set(causes)

    def _gets_better_root(self, waiting: Tracked) -> int | None:
        """Return the place of the incident that this signal explains. Others not reported yet become part of it."""
        found = explained_by(self.incidents, waiting.signal, self.now)
        for place in reversed(found[1:]):
            if not self.incidents[place].told_at:  # one incident with the first of them
                self.waiting += [each for each in self.incidents.pop(place).tracked if not each.over_at]
        return found[0] if found else None

    def _begin(self, waiting: Tracked) -> None:
        self.incidents.append(
            Incident(
                id=self.new_id(),
                cluster=self.seen.cluster,
                root=waiting.signal.key,
                tracked=(self._changed(waiting),),
                opened_at=self.now,
                quorum=self.seen.quorum,
            )
        )

    def _changed(self, waiting: Tracked) -> Tracked:
        """Return a signal that begins, with when it began and ended before."""
        key = waiting.signal.key
        known = (each for incident in reversed(self.incidents) for each in incident.tracked if each.signal.key == key)
        before = next(known, waiting)
        return replace(waiting, changes=with_change(before.changes, self.now), flapping=before.flapping)

    def _add(self, place: int, waiting: Tracked) -> None:
        incident, waiting = self.incidents[place], self._changed(waiting)
        known = next((each for each in incident.tracked if each.signal.key == waiting.signal.key), None)
        if known:
            waiting = replace(waiting, first_seen=known.first_seen, begun=known.begun + 1)
        elsewhere: set[str] = set()
        if not incident.open:  # meanwhile some of its signals may have become part of other incidents
            incident = replace(incident, acknowledged_by="", acknowledged_at=0.0, reminded_at=0.0)
            elsewhere = {each.signal.key for each in self.waiting}
            elsewhere |= {each.signal.key for other in self._open() for each in other.tracked}
        others = (each for each in incident.tracked if each is not known and each.signal.key not in elsewhere)
        tracked = (*others, waiting)
        self.incidents[place] = replace(
            incident,
            tracked=tracked,
            root=root_of(tracked).signal.key,
            resolved_at=0.0,
            quorum=self._quorum(incident),
        )
        if waiting.begun <= MAX_TOLD_AGAIN:
            line = self._began(incident, waiting, tracked)
            again = not incident.open and incident.shown.startswith("over")
            notifies = again or (incident.open and must_notify(incident, waiting.signal, self.now))
            self._say(incident, replace(line, notifies=notifies))

    def note(self) -> None:
        """Report a note: as part of the incident that explains it, or as a message of its own."""
        for signal in self.seen.signals:
            if signal.severity != "note" or self._is_known(signal) or self._is_planned(signal):
                continue
            tracked = Tracked(signal, self.now, self.now, over_at=self.now)
            place = explained_in(self.incidents, signal, self.now)
            if place is None and (cause := self._cause_of(signal)):
                self.waiting = [each for each in self.waiting if each is not cause]
                text = cause.signal.text.removesuffix(UNSEEN)
                self._begin(replace(cause, signal=replace(cause.signal, text=text)))
                place = len(self.incidents) - 1
            if place is not None:
                incident = self.incidents[place]
                self.incidents[place] = replace(incident, tracked=(*incident.tracked, tracked))
                self._say(incident, self._began(incident, tracked))
                self.admit()  # what follows from the cause
            else:
                self.incidents.append(
                    Incident(self.new_id(), self.seen.cluster, signal.key, (tracked,), self.now, resolved_at=self.now)
                )

    def _cause_of(self, note: Signal) -> Tracked | None:
        """Return what the host of a leader that was replaced shows, if that waits: the election confirms it.

        What the managers say of its node does not count: after an election they do not hear any node for seconds.
        """
        causes = [each for each in self.waiting if each.signal.kind in HOSTS and explains(each.signal, note)]
        return min(causes, key=lambda each: rank(each.signal), default=None)

    def _is_known(self, signal: Signal) -> bool:
        tracked = (each.signal for incident in self.incidents for each in incident.tracked)
        return any(each.key == signal.key and each.since == signal.since for each in tracked)

    def _is_planned(self, signal: Signal) -> bool:
        held_back = self._held_back()
        causes = (each.signal for each in self.waiting if each.signal.key in held_back)
        return work_behind(signal, self.work, self.now) is not None or any(explains(each, signal) for each in causes)

    def settle(self, settings: WatchSettings) -> None:
        """End the incidents whose signals are all over, unless they flap."""
        for place, incident in enumerate(self.incidents):
            if not incident.open:
                continue
            tracked = tuple(with_flapping(each, incident.root, settings, self.now) for each in incident.tracked)
            settled = replace(incident, tracked=tracked)
            if settled.unstable != incident.unstable:
                stable = "Flapping: no more reports until it is stable." if settled.unstable else "Stable again."
                self._say(incident, ThreadLine(self.now, stable))
            if all(each.over_at for each in tracked) and not settled.unstable:
                ended = tuple(map(self._with_last_words, tracked))
                settled = replace(settled, tracked=ended, resolved_at=self.now)
                self._say(incident, ThreadLine(self.now, f"{resolved_text(settled)}."))
            self.incidents[place] = settled

    def _with_last_words(self, tracked: Tracked) -> Tracked:
        """Return a signal that was over earlier with how its subject is now, at the end of its incident."""
        return replace(tracked, ended=self.seen.well.get(tracked.signal.key, tracked.ended))

    def due(self, settings: WatchSettings) -> list[float]:
        """Return when a signal has held long enough, its job explains it no longer, or it does not flap any more."""
        times = [each.first_seen + each.signal.holds_s for each in self.waiting]
        ended = [each.ended_at for each in self.work if each.ended_at and self.waiting]
        times += [at + after_s for at in ended for after_s in (AFTER_WORK_S, AFTER_RESTARTS_S)]
        tracked = (each for incident in self.incidents for each in incident.tracked)
        return times + ends_of_flapping(tracked, settings, self.now)

    def _quorum(self, incident: Incident) -> str:
        return self.seen.quorum if self.seen.read else incident.quorum

    def _open(self) -> list[Incident]:
        return [incident for incident in self.incidents if incident.open]

    def _began(self, incident: Incident, tracked: Tracked, beside: Iterable[Tracked] = ()) -> ThreadLine:
        return began_line(tracked, beside, incident.noted_at, self.now)

    def _say(self, incident: Incident, line: ThreadLine) -> None:
        self.lines.setdefault(incident.id, []).append(line)
