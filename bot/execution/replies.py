"""What a worker tells the requester, in the same step in which it ends the job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.audit import Entry
from bot.blocks import Message, button, error_message, order_text, text_message, tick, user
from bot.config import Config
from bot.errors import Failed, SwarmbotError
from bot.execution.step_details import step_details
from bot.model import Revealed
from bot.outbox.deliverer import Deliverer, Ready
from bot.outbox.outgoing import Outgoing
from bot.queue import results
from bot.queue.end_messages import ANSWER, card, private, shown_privately
from bot.queue.job import Job, Order, State
from bot.queue.lease import Lease
from bot.queue.queue import Queue


class Replies:
    """Safe to share between threads. Every method that ends a job raises LeaseLost if another worker has it."""

    def __init__(self, config: Config, queue: Queue, deliverer: Deliverer) -> None:
        self._config = config
        self._queue = queue
        self._deliverer = deliverer

    def end(
        self,
        lease: Lease,
        state: State,
        result: str,
        entries: Sequence[Entry],
        messages: Sequence[Ready] = (),
        *,
        later: Sequence[Outgoing] = (),
    ) -> None:
        """End the job and promise its messages, then begin to send them; ``later`` ones in a moment."""
        self._queue.finish(lease, state, result, entries, [*(each.outgoing for each in messages), *later])
        self._deliverer.send(messages)

    def show(self, lease: Lease, progress: Outgoing, *, at_once: bool = False) -> None:
        """Show the progress of a running job. Raise LeaseLost, Unavailable."""
        self._queue.show(lease, progress)
        if at_once:
            self._deliverer.send([Ready(progress)])

    def meanwhile(self, lease: Lease, message: Message) -> None:
        """Show the requester alone something before the answer. Raise LeaseLost, Unavailable.

        If Slack has not accepted it when the answer comes, only the answer is sent.
        """
        early = replace(private(lease.job.order, message), promised=False)
        self._queue.show(lease, early)
        self._deliverer.send([Ready(early)])

    def record_shown_secrets(
        self, lease: Lease, secrets: Sequence[Revealed], *, unless_cancelled: bool = False
    ) -> None:
        """Write to the audit log what the requester is about to see: before, so that the log has it in any case.

        With ``unless_cancelled``, raise CancelRequested if somebody cancelled the job.
        """
        entries = [lease.audit_entry("told secret", f"{secret} to {lease.job.order.requester}") for secret in secrets]
        if entries:
            self._queue.record(lease, {}, entries, unless_cancelled=unless_cancelled)

    def answer(self, lease: Lease, message: Message, result: str, how: str) -> None:
        """End a job with its answer, which the requester alone sees. ``how`` is for the audit log."""
        ready = [Ready(private(lease.job.order, message)), *self._on_card(lease.job, message)]
        self.end(lease, "succeeded", result, [lease.audit_entry("ended", f"succeeded: {how}")], ready)

    def offer_form(self, lease: Lease, message: Message) -> None:
        """End a job that only offered the form for a secret."""
        entry = lease.audit_entry("ended", "form for a secret offered: nothing was changed")
        result = results.success(message.text, form_offered=True)
        self.end(lease, "succeeded", result, [entry], [Ready(private(lease.job.order, message))])

    def answer_secret(self, lease: Lease, message: Message, result: str) -> None:
        """As :meth:`answer`, with a secret, which is not stored: it is read again if Slack does not respond."""
        job = lease.job
        unsent = Failed(
            "Slack did not accept the answer, so nothing was shown.",
            next_step=f"Ask again in a channel that you are in: {tick('/swarm ' + job.order.words)}.",
        )
        name = "secret" if job.order.thread else ANSWER
        instead = private(job.order, error_message(unsent, _failed_title(job.order)), name=name, secret=ANSWER)
        entries = [lease.audit_entry("ended", "succeeded: answered")]
        note = [Ready(private(job.order, shown_privately(job.order.requester)))] if job.order.thread else []
        self.end(lease, "succeeded", result, entries, [Ready(instead, message), *note])

    def succeed(self, lease: Lease, text: str, how: str) -> None:
        """End a job that had nothing to do. Its requester is not told."""
        self.end(lease, "succeeded", results.success(text), [lease.audit_entry("ended", f"succeeded: {how}")])

    def stop(self, lease: Lease, by: str) -> None:
        """End a job that ``by`` cancelled before anything was started, and tell the requester."""
        order = lease.job.order
        cancelled = f"*{order_text(order.words)} was cancelled in {order.place}* · `{order.id}`"
        message = text_message(text := f"{cancelled} · by {user(by)}. Nothing was changed or shown.")
        entries = [lease.audit_entry("ended", "cancelled: nothing was started")]
        ready = [Ready(private(lease.job.order, message)), *self._on_card(lease.job, message)]
        self.end(lease, "cancelled", results.success(text), entries, ready)

    def refuse(self, lease: Lease, error: SwarmbotError) -> None:
        """End a job that changed nothing as refused or failed, and tell the requester."""
        job = lease.job
        retry = [button("Retry", "job.retry", job.id)] if error.severity == "failed" else []
        message = error_message(error, _failed_title(job.order), *retry)
        self._fail(lease, error, [Ready(private(job.order, message)), *self._on_card(job, message)])

    def fail(self, lease: Lease, error: SwarmbotError) -> None:
        """End a job that changed nothing as refused or failed. The caller tells the requester."""
        self._fail(lease, error, [])

    def failure(self, job: Job, error: SwarmbotError) -> Sequence[Outgoing]:
        """Return the messages about a job that the worker ends itself (worker lost, a defect)."""
        failed = Failed(error.happened, true_now=error.true_now, next_step=error.next_step)
        message = error_message(failed, _failed_title(job.order), button("Retry", "job.retry", job.id))
        shown = [each.outgoing for each in self._on_card(job, message, attempts=1)]
        details = [detail for each in shown for detail in step_details(job.order, each.channel, _timed(job))]
        return [private(job.order, message), *shown, *details]

    def _on_card(self, job: Job, message: Message, attempts: int = 2) -> list[Ready]:
        """Return the end for the card, if there is one.

        An earlier attempt may have posted it, and then have lost its worker before the first call.
        """
        cluster = self._config.clusters.get(job.order.cluster)
        if job.attempt < attempts or cluster is None:
            return []
        return [Ready(replace(card(job.order, cluster.channel, message), if_there=True))]

    def _fail(self, lease: Lease, error: SwarmbotError, messages: Sequence[Ready]) -> None:
        state = error.severity
        entries = [lease.audit_entry("ended", f"{state}: {error.happened}")]
        self.end(lease, state, results.failure(error), entries, messages)


def _timed(job: Job) -> list[str]:
    """Return the lines of a job's card, which its end replaces."""
    return [line.timed for line in job.lines]


def _failed_title(order: Order) -> str:
    return f"*{order_text(order.words)} failed in {order.place}* · `{order.id}`"
