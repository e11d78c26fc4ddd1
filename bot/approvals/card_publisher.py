"""Publish the state of approvals: cards in channels, messages to requesters, and expiry.

Each transition records in Redis that the card must be updated, so the card is updated even if a process dies.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Final

from bot.approvals.approval import Approval
from bot.approvals.card import (
    approval_card,
    approval_count,
    confirmation_message,
    decision_message,
    readable_plan,
)
from bot.approvals.repository import ApprovalRepository
from bot.blocks import Message
from bot.errors import SwarmbotError, Unavailable
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.slack.outbound.notifier import Notifier, Undelivered
from bot.store import keys
from bot.store.leader_lease import LeaderLeases
from bot.stored_json import from_json

RETRY_AFTER_S: Final = 5.0

LEASE_S: Final = 60.0
"""Seconds in which no other worker publishes the same card, if this one dies while it does."""

log = logging.getLogger(__name__)


class CardPublisher:
    """Each worker runs one; several share the approvals."""

    def __init__(
        self, queue: Queue, approvals: ApprovalRepository, notifier: Notifier, leases: LeaderLeases, worker: str
    ) -> None:
        self._queue = queue
        self._approvals = approvals
        self._notifier = notifier
        self._leases = leases
        self._worker = worker
        self._said: dict[str, str] = {}

    def publish_due(self) -> None:
        """Expire what is due, then update the cards. Raises Unavailable if Redis does not respond."""
        for job_id in self._approvals.due(time.time()):
            self._expire(job_id)
        for job_id in self._approvals.unshown(time.time()):
            if lease := self._leases.acquire(keys.card_lease(job_id), LEASE_S):
                try:
                    self._try(job_id)
                finally:
                    lease.release()

    def _try(self, job_id: str) -> None:
        """Publish one card. An error does not stop the others; it is logged once, and the card is tried again later."""
        try:
            self._show(job_id)
        except Unavailable:
            raise
        except Exception as error:
            self._approvals.put_off(job_id, time.time() + RETRY_AFTER_S)
            if self._said.get(job_id) != str(error):
                trace = None if isinstance(error, SwarmbotError) else error
                log.warning("the card of approval %s will be updated later: %s", job_id, error, exc_info=trace)
            self._said[job_id] = str(error)
        else:
            self._said.pop(job_id, None)

    def _expire(self, job_id: str) -> None:
        approval = self._approvals.get(job_id)
        if approval is None or not approval.open:
            return
        request = approval.request
        why = f"It expired with {len(approval.votes)} of {approval_count(request.needed)}."
        if request.confirmation:
            why = "It expired: its requester did not confirm it."
        self._approvals.end(job_id, "expired", "", why, [request.audit_entry("expired", self._worker, why)])

    def _show(self, job_id: str) -> None:
        approval = self._approvals.get(job_id)
        job = self._queue.get(job_id)
        if approval is None or job is None:
            self._approvals.forget(job_id)
            return
        if approval.request.confirmation:
            self._ask_requester(approval, job)
            return
        if approval.state == "approved" and job.state == "running":
            return  # the job's live message is the card now; it is updated here when the job has ended
        if not approval.open and self._approvals.mark_told(job_id, approval.state):
            self._tell(approval, job)
        message = self._message(approval, job)
        if approval.message_ts:
            ts = self._notifier.update(approval.request.channel, approval.message_ts, message)
        else:
            ts = self._notifier.post(approval.request.channel, message)
            request = approval.request
            self._approvals.note(request.audit_entry("shown", self._worker, f"the card of plan {request.digest}"))
        after = self._queue.get(job_id)
        if after is None or after.state == job.state:
            self._approvals.shown(approval, ts)
        else:
            self._approvals.moved(approval, ts)

    def _ask_requester(self, approval: Approval, job: Job) -> None:
        """Ask the requester to confirm; once it has ended otherwise than by their press, say so."""
        if approval.open:
            self._respond(job, confirmation_message(approval, readable_plan(job.plan)))
        elif _unheard(approval) and self._approvals.mark_told(approval.id, approval.state):
            self._tell(approval, job)
        self._approvals.shown(approval, "")

    def _message(self, approval: Approval, job: Job) -> Message:
        """Return the card; for an approved job that has ended, the last state of its live message."""
        kept = json.loads(job.outcome) if job.outcome else {}
        if approval.state == "approved" and "card" in kept:
            return from_json(Message, kept["card"])
        return approval_card(approval, readable_plan(job.plan))

    def _tell(self, approval: Approval, job: Job) -> None:
        try:
            self._respond(job, decision_message(approval))
        except Undelivered as error:
            log.warning("the requester of %s did not get the message: %s", job.id, error)

    def _respond(self, job: Job, message: Message) -> None:
        order = job.order
        self._notifier.respond(order.response_url, message, user=order.requester, channel=order.channel)


def _unheard(approval: Approval) -> bool:
    """Return whether the requester has not heard of the end: a press of theirs was answered at once."""
    return approval.state != "approved" and approval.decided_by != approval.request.requester
