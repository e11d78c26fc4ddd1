"""What people order about incidents: `/swarm acknowledge`, `/swarm silence` and `/swarm unsilence`."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Final, NamedTuple

from bot.audit import Entry
from bot.blocks import DONE, WARNING, Message, echo, quoted, text_message, tick, user, when
from bot.commands import AcknowledgeIncident, EndSilence, SilenceSubject, WatchOrder
from bot.config import Config
from bot.errors import NotUnderstood
from bot.last_read import LastRead
from bot.model.incident import ALL_SUBJECTS, Acknowledgement, Silence
from bot.queue.job import new_id
from bot.text.durations import write_duration
from bot.text.suggest import nearest
from bot.watch.repository import WatchRepository

MIN_SILENCE_S: Final = 60.0
MAX_SILENCE_S: Final = 30 * 24 * 3600.0
"""A longer one hides what nobody remembers."""


class Done(NamedTuple):
    """What an order did."""

    reply: Message
    """For the requester."""
    announcement: Message | None = None
    """For the cluster's channel; None if nothing changed, or if the incident's own message says it."""


class WatchOrders:
    """Safe to share between threads. Raises Unavailable."""

    def __init__(self, watch: WatchRepository, config: Config, last_read: LastRead) -> None:
        self._watch = watch
        self._config = config
        self._last_read = last_read

    def run(self, order: WatchOrder, cluster: str, entry: Entry, now: float) -> Done:
        """Carry out ``order`` for ``entry.by`` at ``now`` (unix seconds)."""
        match order:
            case AcknowledgeIncident(incident):
                return self._acknowledge(incident.lower(), cluster, entry, now)
            case SilenceSubject():
                return self._silence(order, cluster, entry, now)
            case EndSilence(silence):
                return self._unsilence(silence.lower(), cluster, entry, now)

    def _acknowledge(self, incident_id: str, cluster: str, entry: Entry, now: float) -> Done:
        incident = self._watch.find(incident_id, [cluster])
        if incident is None:
            raise NotUnderstood(
                f"{cluster} has no incident {echo(incident_id)}.", next_step="`/swarm incidents` lists them."
            )
        if not incident.open:
            return Done(text_message(f"{DONE} No change needed: incident {tick(incident_id)} is resolved."))
        by = incident.acknowledged_by
        if not by:
            written = replace(entry, action="acknowledged", detail=f"incident {incident_id}")
            noted = self._watch.acknowledge(cluster, Acknowledgement(incident_id, entry.by, now), [written])
            by = noted.by if noted else ""
        if by:
            return Done(
                text_message(f"{DONE} No change needed: {user(by)} has acknowledged incident {tick(incident_id)}.")
            )
        return Done(text_message(f"{DONE} You acknowledged incident {tick(incident_id)}. Its message shows this soon."))

    def _silence(self, order: SilenceSubject, cluster: str, entry: Entry, now: float) -> Done:
        if not MIN_SILENCE_S <= order.for_s <= MAX_SILENCE_S:
            raise NotUnderstood(
                f"A silence lasts from 1 minute to 30 days, not {write_duration(order.for_s)}.",
                next_step="Write `--for 2h`.",
            )
        self._refuse_unknown(order.subject, cluster)
        until = now + order.for_s
        silence = Silence(new_id(), cluster, order.subject, until, entry.by, order.reason, now)
        written = replace(
            entry, action="silenced", detail=f"{order.subject} for {write_duration(order.for_s)}: {order.reason}"
        )
        while not self._watch.silence(silence, [written]):
            silence = replace(silence, id=f"{new_id()}{secrets.randbelow(10)}")
        subject = _incidents_of(order.subject, cluster)
        terms = (
            f"until {when(until)}: {quoted(order.reason)}. They are recorded and not told. "
            f"`/swarm unsilence {silence.id}` ends this."
        )
        return Done(
            text_message(f"{DONE} *{subject} are silenced* {terms}"),
            text_message(f"{WARNING} *{subject} are silenced* by {user(entry.by)} {terms}"),
        )

    def _refuse_unknown(self, subject: str, cluster: str) -> None:
        """Raise NotUnderstood for a name that neither swarmbot.yml nor the last reading of the cluster has."""
        nodes, services = self._last_read.nodes(cluster), self._last_read.services(cluster)
        if subject == ALL_SUBJECTS or nodes is None or services is None:
            return
        known = {*self._config.clusters[cluster].hosts, *nodes.names, *nodes.hostnames, *services.names}
        if subject not in known:
            near = nearest(subject, sorted(known))
            raise NotUnderstood(
                f"{cluster} has no node or service {echo(subject)}." + (f" Did you mean {tick(near)}?" if near else ""),
                next_step="`/swarm nodes` and `/swarm services` list them.",
            )

    def _unsilence(self, silence_id: str, cluster: str, entry: Entry, now: float) -> Done:
        silences = {each.id: each for each in self._watch.said(cluster, now).silences}
        written = replace(entry, action="ended a silence", detail=silence_id)
        silence = silences.get(silence_id)
        if silence is None or not self._watch.unsilence(cluster, silence_id, [written]):
            raise NotUnderstood(
                f"{cluster} has no silence {echo(silence_id)}.", next_step="`/swarm silences` lists them."
            )
        subject = _incidents_of(silence.subject, cluster)
        return Done(
            text_message(f"{DONE} *{subject} are told again.*"),
            text_message(f"{DONE} *{subject} are told again*: {user(entry.by)} ended silence {tick(silence_id)}."),
        )


def _incidents_of(subject: str, cluster: str) -> str:
    return f"Incidents of {cluster if subject == ALL_SUBJECTS else tick(subject)}"
