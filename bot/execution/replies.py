"""What a worker tells the requester, and the end of jobs that changed nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.blocks import Message, button, error_message, text_message, tick, user
from bot.errors import Failed, SwarmbotError
from bot.model import Revealed
from bot.queue import results
from bot.queue.job import Job
from bot.queue.lease import Lease
from bot.queue.queue import Queue
from bot.slack.outbound.notifier import Notifier, Undelivered

log = logging.getLogger(__name__)


class Replies:
    """Safe to share between threads."""

    def __init__(self, queue: Queue, notifier: Notifier) -> None:
        self._queue = queue
        self._notifier = notifier

    def respond(self, job: Job, message: Message) -> None:
        """Show the requester alone a message. Raise Undelivered."""
        order = job.order
        self._notifier.respond(
            order.response_url, message, user=order.requester, channel=order.channel, replace=order.replace
        )

    def say(self, job: Job, message: Message) -> None:
        """As :meth:`respond`, for a job's last message: the job ends whether or not Slack accepts it."""
        try:
            self.respond(job, message)
        except Undelivered as error:
            log.warning("The requester of job %s was not told its end: %s", job.id, error)

    def record_shown_secrets(
        self, lease: Lease, secrets: Sequence[Revealed], *, unless_cancelled: bool = False
    ) -> None:
        """Write to the audit log what the requester is about to see: before, so that the log has it in any case.

        With ``unless_cancelled``, raise CancelRequested if somebody cancelled the job.
        """
        told = [lease.audit_entry("told secret", f"{secret} to {lease.job.order.requester}") for secret in secrets]
        if told:
            self._queue.record(lease, {}, told, unless_cancelled=unless_cancelled)

    def succeed(self, lease: Lease, text: str, how: str) -> None:
        """End a job that had nothing to do beyond its message. ``how`` is for the audit log."""
        self._queue.finish(lease, "succeeded", results.success(text), [lease.audit_entry("ended", f"succeeded: {how}")])

    def stop(self, lease: Lease, by: str) -> None:
        """End a job that ``by`` cancelled before anything was started or shown, and tell the requester alone."""
        text = f"{_title(lease.job)} was cancelled by {user(by)}. Nothing was changed or shown."
        self.say(lease.job, text_message(text))
        self._queue.finish(
            lease, "cancelled", results.success(text), [lease.audit_entry("ended", "cancelled: nothing was started")]
        )

    def refuse(self, lease: Lease, error: SwarmbotError) -> None:
        """End a job that changed nothing as refused or failed, and tell the requester alone."""
        job = lease.job
        ended = replace(job, outcome=results.failure(error))
        retry = [button("Retry", "job.retry", job.id)] if error.severity == "failed" else []
        self.say(job, error_message(error, _title(ended), *retry))
        self.fail(lease, error)

    def fail(self, lease: Lease, error: SwarmbotError) -> None:
        """End a job that changed nothing as refused or failed. The caller tells the requester."""
        state = error.severity
        self._queue.finish(
            lease, state, results.failure(error), [lease.audit_entry("ended", f"{state}: {error.happened}")]
        )

    def tell(self, job: Job) -> None:
        """Tell the requester of a job that the worker ended itself (worker lost, a defect)."""
        error = json.loads(job.outcome)["error"]
        told = Failed(error["happened"], true_now=error["true_now"], next_step=error["next_step"])
        message = error_message(told, _title(job), button("Retry", "job.retry", job.id))
        if job.message_ts:
            self._notifier.update(job.message_channel, job.message_ts, message)
        self.respond(job, message)


def _title(job: Job) -> str:
    return f"*{tick('/swarm ' + job.order.words)} in {job.order.place}* · `{job.id}`"
