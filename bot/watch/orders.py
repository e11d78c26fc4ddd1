"""What people order about incidents: `/swarm acknowledge`, `/swarm silence` and `/swarm unsilence`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.audit import Entry
from bot.blocks import DONE, WARNING, echo, quoted, text_message, tick, user, when
from bot.commands import AcknowledgeIncident, ControlResult, EndSilence, SilenceSubject, WatchOrder
from bot.config import Config
from bot.errors import NotUnderstood
from bot.last_read import LastRead
from bot.model.incident import ALL_SUBJECTS, Acknowledgement, Silence
from bot.queue.job import new_id
from bot.text.durations import write_duration
from bot.text.suggest import did_you_mean, listed
from bot.watch.repository import WatchRepository

MIN_SILENCE_S: Final = 60.0
MAX_SILENCE_S: Final = 30 * 24 * 3600.0
"""A longer silence would hide problems that everybody has forgotten."""
MIN_ID_CHARS: Final = 4
"""The start of an id that names a node or service."""
MAX_NAMED: Final = 5


class WatchOrders:
    """Safe to share between threads. Raises Unavailable."""

    def __init__(self, watch: WatchRepository, config: Config, last_read: LastRead) -> None:
        self._watch = watch
        self._config = config
        self._last_read = last_read

    def run(self, order: WatchOrder, cluster: str, entry: Entry, now: float) -> ControlResult:
        """Carry out ``order`` for ``entry.by`` at ``now`` (unix seconds)."""
        match order:
            case AcknowledgeIncident(incident):
                return self._acknowledge(incident.lower(), cluster, entry, now)
            case SilenceSubject():
                return self._silence(order, cluster, entry, now)
            case EndSilence(silence):
                return self._unsilence(silence.lower(), cluster, entry, now)

    def _acknowledge(self, incident_id: str, cluster: str, entry: Entry, now: float) -> ControlResult:
        incident = self._watch.find(incident_id, [cluster])
        if incident is None:
            raise NotUnderstood(
                f"{cluster} has no incident {echo(incident_id)}.", next_step="`/swarm incidents` lists them."
            )
        if not incident.open:
            return ControlResult(text_message(f"{DONE} No change needed: incident {tick(incident_id)} is resolved."))
        by = incident.acknowledged_by
        if not by:
            written = replace(entry, action="acknowledged", detail=f"incident {incident_id}")
            noted = self._watch.acknowledge(cluster, Acknowledgement(incident_id, entry.by, now), [written])
            by = noted.by if noted else ""
        if by:
            return ControlResult(
                text_message(f"{DONE} No change needed: {user(by)} has acknowledged incident {tick(incident_id)}.")
            )
        return ControlResult(
            text_message(f"{DONE} You acknowledged incident {tick(incident_id)}. Its message shows this soon.")
        )

    def _silence(self, order: SilenceSubject, cluster: str, entry: Entry, now: float) -> ControlResult:
        if not MIN_SILENCE_S <= order.for_s <= MAX_SILENCE_S:
            raise NotUnderstood(
                f"A silence lasts from 1 minute to 30 days, not {write_duration(order.for_s)}.",
                next_step="Write `--for 2h`.",
            )
        name, note = self._subject(order.subject, cluster)
        for other in self._watch.said(cluster, now).silences:
            if other.subject in {name, ALL_SUBJECTS}:
                note += f"\nThey were silenced already, until {when(other.until)}, by silence {tick(other.id)}."
        until = now + order.for_s
        silence = Silence(new_id(), cluster, name, until, entry.by, order.reason, now)
        written = replace(entry, action="silenced", detail=f"{name} for {write_duration(order.for_s)}: {order.reason}")
        while not self._watch.silence(silence, [written]):
            silence = replace(silence, id=f"{new_id()}{secrets.randbelow(10)}")
        subject = _incidents_of(name, cluster)
        terms = (
            f"until {when(until)}: {quoted(order.reason)}. They are recorded and not reported. "
            f"`/swarm unsilence {silence.id}` ends this.{note}"
        )
        return ControlResult(
            text_message(f"{DONE} *{subject} are silenced* {terms}"),
            text_message(f"{WARNING} *{subject} are silenced* by {user(entry.by)} {terms}"),
        )

    def _subject(self, typed: str, cluster: str) -> tuple[str, str]:
        """Return what incidents call a node or service, and a sentence about it if there is one to say.

        Raise NotUnderstood for what neither swarmbot.yml nor the last reading of the cluster has.
        """
        nodes, services = self._last_read.nodes(cluster), self._last_read.services(cluster)
        if typed == ALL_SUBJECTS:
            return typed, "\nA lost quorum is reported nevertheless."
        if nodes is None or services is None:
            sentence = f"Whether {cluster} has {tick(typed)} is not known now"
            return typed, f"\n{WARNING} {sentence}: `/swarm nodes` and `/swarm services` list what it has."
        machines = {*self._config.clusters[cluster].hosts, *nodes.names}
        if typed in machines and typed in services.names:
            return typed, f"\n{WARNING} {tick(typed)} is the name of a node and of a service: this concerns both."
        if typed in machines or typed in services.names:
            return typed, ""
        meant = {name for hostname, name in zip(nodes.hostnames, nodes.names, strict=True) if hostname == typed}
        if len(typed) >= MIN_ID_CHARS:
            named = [*zip(nodes.ids, nodes.names, strict=True), *zip(services.ids, services.names, strict=True)]
            names = [name for _, name in named]
            meant |= {name if names.count(name) == 1 else each for each, name in named if each.startswith(typed)}
        if len(meant) == 1:
            return meant.pop(), ""
        known = {*machines, *nodes.hostnames, *services.names, ALL_SUBJECTS}
        raise NotUnderstood(
            f"{cluster} has no node or service {echo(typed)}.{did_you_mean(typed, sorted(known))}",
            next_step="`/swarm nodes` and `/swarm services` list them.",
        )

    def _unsilence(self, silence_id: str, cluster: str, entry: Entry, now: float) -> ControlResult:
        silences = {each.id: each for each in self._watch.said(cluster, now).silences}
        written = replace(entry, action="ended a silence", detail=silence_id)
        silence = silences.pop(silence_id, None)
        if silence is None or not self._watch.unsilence(cluster, silence_id, [written]):
            raise NotUnderstood(
                f"{cluster} has no silence {echo(silence_id)}.", next_step="`/swarm silences` lists them."
            )
        text = _told_again(silence, [*silences.values()], cluster)
        return ControlResult(
            text_message(f"{DONE} {text}"),
            text_message(f"{DONE} {text} {user(entry.by)} ended silence {tick(silence_id)}."),
        )


def _told_again(ended: Silence, others: Sequence[Silence], cluster: str) -> str:
    """Return what the end of a silence changes, if ``others`` have not ended."""
    subject = _incidents_of(ended.subject, cluster)
    for other in others:
        if other.subject in {ended.subject, ALL_SUBJECTS}:
            return (
                f"*{subject} stay silenced* until {when(other.until)} by silence {tick(other.id)}. "
                f"`/swarm unsilence {other.id}` ends this too."
            )
    if ended.subject == ALL_SUBJECTS and others:
        but = listed(sorted({tick(other.subject) for other in others}), limit=MAX_NAMED)
        return f"*{subject} are reported again*, except those of {but}: `/swarm silences` lists them."
    return f"*{subject} are reported again.*"


def _incidents_of(subject: str, cluster: str) -> str:
    return f"Incidents of {cluster if subject == ALL_SUBJECTS else tick(subject)}"
