"""Publish the state of approvals: cards in channels, messages to requesters, reminders, and expiry.

Each transition records in Redis that the card must be updated. The card is made here and goes to the outbox, so it is
updated even if a process dies.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from typing import Final

from bot.approvals.approval import Approval
from bot.approvals.card import (
    approval_card,
    confirmation_message,
    decision_message,
    readable_plan,
    reminder_message,
)
from bot.approvals.repository import ApprovalRepository
from bot.blocks import FAILED, Message, section, user
from bot.errors import SwarmbotError, Unavailable
from bot.outbox.deliverer import Deliverer, Ready
from bot.outbox.outgoing import Outgoing, reply_id
from bot.queue.end_messages import card, card_id, private
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.text.suggest import part_of

RETRY_AFTER_S: Final = 5.0

log = logging.getLogger(__name__)


class CardPublisher:
    """Each worker runs one; several share the approvals."""

    def __init__(self, queue: Queue, approvals: ApprovalRepository, deliverer: Deliverer, worker: str) -> None:
        self._queue = queue
        self._approvals = approvals
        self._deliverer = deliverer
        self._worker = worker
        self._said: dict[str, str] = {}

    def publish_due(self) -> None:
        """Expire what is due, remind people, then update the cards. Raises Unavailable if Redis does not respond."""
        for job_id in self._approvals.due(time.time()):
            self._expire(job_id)
        for job_id in self._approvals.to_remind(time.time()):
            self._remind(job_id)
        for job_id in self._approvals.unshown(time.time()):
            self._try(job_id)

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
        why = f"It expired with {part_of(len(approval.votes), request.needed, 'approval')}."
        if request.confirmation:
            why = "It expired: its requester did not confirm it."
        self._approvals.end(job_id, "expired", "", why, [request.audit_entry("expired", self._worker, why)])

    def _remind(self, job_id: str) -> None:
        approval, job = self._approvals.get(job_id), self._queue.get(job_id)
        if approval is None or job is None:
            self._approvals.remind(job_id, 0, [])
            return
        parent = card_id(job.order)
        reminder = replace(
            card(job.order, approval.request.channel, reminder_message(approval)),
            id=reply_id(parent, approval.request.remind_at, 0),
            reply_to=parent,
        )
        if self._approvals.remind(job_id, approval.version, [reminder]):
            self._deliverer.send([Ready(reminder)])

    def _show(self, job_id: str) -> None:
        approval = self._approvals.get(job_id)
        job = self._queue.get(job_id)
        if approval is None or job is None:
            self._approvals.forget(job_id)
            return
        if approval.request.confirmation:
            confirmations = [_confirmation(approval, job)] if approval.open else []
            self._promise(approval, job, confirmations, _end(approval, job) if _unheard(approval) else None)
            return
        if approval.state == "approved" and job.state == "running":
            return  # the job shows its progress in this message; it is updated here when the job has ended
        self._promise(approval, job, self._card(approval, job), None if approval.open else _end(approval, job))

    def _promise(self, approval: Approval, job: Job, shown: list[Outgoing], told: Outgoing | None) -> None:
        if self._approvals.show(approval, job, shown, told):
            self._deliverer.send([Ready(each) for each in (*shown, told) if each is not None])

    def _card(self, approval: Approval, job: Job) -> list[Outgoing]:
        """Return the card; nothing if the job has shown its own end in the same message."""
        if approval.state == "approved" and (job.state == "failed" or "card" in json.loads(job.outcome or "{}")):
            return []
        request = approval.request
        message = approval_card(approval, readable_plan(job.plan))
        if approval.state == "approved" and job.state == "cancelled":
            message = _cancelled(message, job)
        found = card(job.order, request.channel, message)
        hint = f"Approvers can decide with `/swarm approvals {approval.id} --cluster {request.cluster}`."
        shown = request.audit_entry("shown", self._worker, f"the card of plan {request.digest}")
        return [replace(found, hint=hint if approval.open else "", first=shown)]


def _confirmation(approval: Approval, job: Job) -> Outgoing:
    """Return the message that asks the requester to confirm."""
    return _privately(job, confirmation_message(approval, readable_plan(job.plan)), name="confirmation")


def _end(approval: Approval, job: Job) -> Outgoing:
    """Return the message to the requester about the end. An unsent request to confirm is then not sent."""
    return _privately(
        job, decision_message(approval), name="confirmation" if approval.request.confirmation else approval.state
    )


def _privately(job: Job, message: Message, name: str) -> Outgoing:
    return replace(private(job.order, message, name=name), replace=False)


def _unheard(approval: Approval) -> bool:
    """Return whether the requester must be notified of the end: if they pressed a button, the answer came at once."""
    return approval.state not in {"open", "approved"} and approval.decided_by != approval.request.requester


def _cancelled(message: Message, job: Job) -> Message:
    """Return the card of an approved job that was cancelled before it started."""
    by = f" by {user(job.cancel_by)}" if job.cancel_by else ""
    line = f"{FAILED} *Cancelled*{by} before it started. Nothing was changed."
    return Message(f"{line} {message.text}", (section(line), *message.blocks))
