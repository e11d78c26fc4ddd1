"""Run commands on Swarmbot itself: cancel a job, freeze, thaw, silence, acknowledge, second factors."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from bot.approvals.after_freeze import still_waiting
from bot.approvals.repository import ApprovalRepository
from bot.approvals.voting import Voting
from bot.blocks import Message, echo, text_message, tick
from bot.commands import (
    AcknowledgeIncident,
    CancelJob,
    Control,
    ControlResult,
    EndSilence,
    EnrolTotp,
    FreezeCluster,
    ResetTotp,
    SilenceSubject,
    ThawCluster,
)
from bot.config import Config
from bot.errors import NotUnderstood, Unavailable
from bot.execution.internal_jobs import ANNOUNCE
from bot.freeze import Freezes, run_freeze_command
from bot.gate.call import Call
from bot.gate.totp_command import TotpCommand
from bot.queue.queue import Queue
from bot.stored_json import to_json
from bot.watch.orders import WatchOrders

log = logging.getLogger(__name__)


class ControlCommands:
    """Safe to share between threads."""

    def __init__(
        self,
        *,
        config: Config,
        queue: Queue,
        voting: Voting,
        approvals: ApprovalRepository,
        freezes: Freezes,
        totp_command: TotpCommand,
        watch_orders: WatchOrders,
    ) -> None:
        self._config = config
        self._queue = queue
        self._voting = voting
        self._approvals = approvals
        self._freezes = freezes
        self._totp_command = totp_command
        self._watch_orders = watch_orders

    def run(self, call: Call, control: Control) -> Message | None:
        """Run the command; the answer is for the requester."""
        match control:
            case CancelJob(job):
                return self._cancel(call, job.lower())
            case FreezeCluster() | ThawCluster():
                return self._announced(call, self._freeze(call, control))
            case AcknowledgeIncident() | SilenceSubject() | EndSilence():
                result = self._watch_orders.run(control, call.cluster, call.entry("asked"), time.time())
                return self._announced(call, result)
            case EnrolTotp():
                return self._totp_command.start(call)
            case ResetTotp(person):
                return self._totp_command.reset(call, person)

    def _freeze(self, call: Call, control: FreezeCluster | ThawCluster) -> ControlResult:
        thaws = isinstance(control, ThawCluster)
        waiting = still_waiting(self._config, self._approvals.waiting(call.cluster)) if thaws else []
        return run_freeze_command(
            self._freezes, control, call.cluster, call.entry("asked"), time.time(), waiting=waiting
        )

    def _announced(self, call: Call, result: ControlResult) -> Message:
        if result.announcement:
            self._announce(call, result.announcement)
        return result.reply

    def _announce(self, call: Call, message: Message) -> None:
        """Make a worker post it in the cluster's channel. If that fails, the reported change was still made."""
        channel = self._config.clusters[call.cluster].channel
        order = replace(call.order("concurrent"), command=ANNOUNCE, channel=channel, args={"message": to_json(message)})
        try:
            self._queue.admit(order, [call.entry("asked", job=order.id)])
        except Unavailable as error:
            log.warning("%s is not announced in %s: %s", call.words, channel, error)

    def _cancel(self, call: Call, job_id: str) -> Message:
        if self._voting.cancel(job_id, call.user):
            return text_message(f"Job {tick(job_id)} and its approval request were withdrawn. Nothing was changed.")
        entry, job = call.entry("cancelled", job=job_id), self._queue.get(job_id)
        if job is not None:
            entry = replace(entry, cluster=job.order.cluster, channel=job.order.channel)
        result = self._queue.cancel(job_id, call.user, [entry])
        if result == "cancelled":
            self._voting.cancel(job_id, call.user)  # an approval request may have been opened in the meantime
        if result == "unknown":
            raise NotUnderstood(f"Job {echo(job_id)} does not exist.", next_step="`/swarm jobs` lists recent jobs.")
        replies = {
            "cancelled": f"Job {tick(job_id)} was cancelled. Nothing was changed.",
            "stopping": f"Job {tick(job_id)} stops before its next step; finished steps are not undone.",
            "ended": f"Job {tick(job_id)} has already ended: `/swarm job {job_id}` shows how.",
        }
        return text_message(replies[result])
