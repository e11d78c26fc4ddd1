"""Shows how approvals stand: cards in channels, a word to the requester, and the end of those whose time is over.

What is to be shown is noted in Redis by the transition itself, so a card follows whatever dies in between.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Final

from bot.approvals.approval import Approval
from bot.approvals.card import card, headline, readable
from bot.approvals.repository import ApprovalRepository
from bot.blocks import Message, text_message, tick
from bot.errors import SwarmbotError, Unavailable
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.slack.outbound.notifier import Notifier, Undelivered
from bot.store import keys
from bot.store.leader_lease import LeaderLeases
from bot.stored_json import from_json

PUT_OFF: Final = 5.0
"""Seconds until a card that could not be shown is tried again."""

LEASE_S: Final = 60.0
"""Seconds in which no other worker publishes the same card, if this one dies while it does."""

log = logging.getLogger(__name__)


class CardPublisher:
    """Each worker has one that takes turns; several share the work approval by approval."""

    def __init__(
        self, queue: Queue, approvals: ApprovalRepository, notifier: Notifier, leases: LeaderLeases, worker: str
    ) -> None:
        self._queue = queue
        self._approvals = approvals
        self._notifier = notifier
        self._leases = leases
        self._worker = worker
        self._said: dict[str, str] = {}

    def turn(self) -> None:
        """Expire what is due, then show what changed. Raises Unavailable when Redis does not answer."""
        for job_id in self._approvals.due(time.time()):
            self._expire(job_id)
        for job_id in self._approvals.unshown(time.time()):
            if lease := self._leases.acquire(keys.card_lease(job_id), LEASE_S):
                try:
                    self._try(job_id)
                finally:
                    lease.release()

    def _try(self, job_id: str) -> None:
        """Show one; whatever hinders it hinders no other, is logged once, and is tried again later."""
        try:
            self._show(job_id)
        except Unavailable:
            raise
        except Exception as error:
            self._approvals.put_off(job_id, time.time() + PUT_OFF)
            if self._said.get(job_id) != str(error):
                trace = None if isinstance(error, SwarmbotError) else error
                log.warning("the card of approval %s is shown later: %s", job_id, error, exc_info=trace)
            self._said[job_id] = str(error)
        else:
            self._said.pop(job_id, None)

    def _expire(self, job_id: str) -> None:
        approval = self._approvals.get(job_id)
        if approval is None or not approval.open:
            return
        ask = approval.ask
        why = f"It was not approved in time: {len(approval.votes)} of {ask.needed}."
        self._approvals.end(job_id, "expired", "", why, [ask.audit_entry("expired", self._worker, why)])

    def _show(self, job_id: str) -> None:
        approval = self._approvals.get(job_id)
        job = self._queue.get(job_id)
        if approval is None or job is None:
            self._approvals.forget(job_id)
            return
        if approval.standing == "approved" and job.state == "running":
            return  # the job's own live message has the card now; what was missed is shown when it has ended
        if not approval.open and self._approvals.first_telling(job_id, approval.standing):
            self._tell(approval, job)
        message = self._message(approval, job)
        if approval.message_ts:
            ts = self._notifier.update(approval.ask.channel, approval.message_ts, message)
        else:
            ts = self._notifier.post(approval.ask.channel, message)
            ask = approval.ask
            self._approvals.note(ask.audit_entry("shown", self._worker, f"the card of plan {ask.digest}"))
        after = self._queue.get(job_id)
        if after is None or after.state == job.state:
            self._approvals.shown(approval, ts)
        else:
            self._approvals.moved(approval, ts)

    def _message(self, approval: Approval, job: Job) -> Message:
        """The approval's card; of an approved job that has ended, the last state of its live message."""
        kept = json.loads(job.outcome) if job.outcome else {}
        if approval.standing == "approved" and "card" in kept:
            return from_json(Message, kept["card"])
        return card(approval, readable(job.plan))

    def _tell(self, approval: Approval, job: Job) -> None:
        order = job.order
        text = f"{tick('/swarm ' + order.words)} in {order.cluster} · `{order.id}`: {headline(approval)}"
        try:
            self._notifier.respond(order.response_url, text_message(text), user=order.requester, channel=order.channel)
        except Undelivered as error:
            log.warning("the requester of %s was not told: %s", order.id, error)
