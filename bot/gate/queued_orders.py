"""Queues orders that a worker carries out, and says what that means for the requester."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from itertools import takewhile

from bot.approvals.rule import rule_for
from bot.blocks import Message, channel, order_text, text_message, tick
from bot.errors import Unavailable
from bot.execution.open_changes import changes_in_line, planned_text
from bot.gate.call import Call
from bot.gate.services import GateServices
from bot.queue.lease import Admission


class QueuedOrders:
    """Safe to share between threads."""

    def __init__(self, services: GateServices) -> None:
        self._config = services.config
        self._queue = services.queue
        self._freezes = services.freezes
        self._early_refusals = services.early_refusals
        self._secret_form = services.secret_form

    def admit(self, call: Call) -> Message | None:
        """Queue the job; return what its place in the queue means for the requester."""
        change = call.command.is_change(call.arguments)
        may_need_approval = self._may_need_approval(call)
        self._early_refusals.check(call, may_need_approval=may_need_approval)
        may_need_secret = call.secret is None and call.command.asks_for(call.arguments) is not None
        order = call.order("exclusive" if change and not call.only_plan else "concurrent")
        order = replace(order, secret_id=self._secret_form.keep(call))
        admission = self._queue.admit(order, [call.entry("asked", job=order.id, detail=order.reason)])
        if admission.duplicate and order.secret_id:
            self._secret_form.drop(call, order.secret_id)
        if not admission.workers:
            return text_message(
                f"Stored as job {tick(admission.job_id)}, but no worker is running: the job starts when one does.",
            )
        if not (change or may_need_approval) or admission.duplicate or call.only_plan:
            return None
        if may_need_secret and not may_need_approval and not admission.ahead:
            return None
        where = channel(self._config.clusters[call.cluster].channel)
        taken = f"On it: {order_text(call.words)} is job {tick(admission.job_id)}"
        if not change:
            seen = "" if call.thread else " Only you will see the answer."
            return text_message(f"{taken}. It needs approval first, in {where}.{seen}")
        ahead = self._ahead(call.cluster, admission)
        if may_need_approval:
            approval = f"If it needs approval, the request is posted in {where}; once it starts, so is its progress."
            return text_message(f"{taken}.{ahead} {approval}")
        return text_message(f"{taken}.{ahead} Once it starts, its progress is shown in {where}.")

    def _ahead(self, cluster: str, admission: Admission) -> str:
        """Return when an order is planned, as a sentence; "" if none is ahead of it."""
        if not admission.ahead:
            return ""
        with suppress(Unavailable):  # the order is stored: the answer must not deny that
            line = changes_in_line(self._queue, cluster)
            ahead = [*takewhile(lambda change: change.id != admission.job_id, line)]
            if ahead:
                return f" It {planned_text(ahead)}."
        return f" It is planned when job {tick(admission.ahead)} has ended or waits for approval."

    def _may_need_approval(self, call: Call) -> bool:
        command = call.command
        subject, default = command.subject(call.arguments), command.approval(call.arguments)
        change = command.is_change(call.arguments)
        frozen = change and self._freezes.active(call.cluster, time.time()) is not None
        rule = rule_for(self._config, call.cluster, subject, default, frozen=frozen)
        return bool(rule.count or (change and command.raises))
