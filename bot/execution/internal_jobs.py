"""Internal jobs: what a worker does for the gate without reading a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.blocks import Message, context, error_message, order_text, user
from bot.errors import Conclusion, Failed
from bot.execution.services import WorkerServices
from bot.outbox.deliverer import Ready
from bot.queue import results
from bot.queue.end_messages import card, private, shared
from bot.queue.job import Order
from bot.queue.lease import Lease
from bot.stored_json import from_json

EXPORT: Final = "audit export"
ANNOUNCE: Final = "announce"
FAILURES: Final[Mapping[str, str]] = {
    "share": "The answer was not shared",
    "hide": "The message was not hidden",
    "totp": "The second factor was not shown",
    EXPORT: "The audit entries were not sent",
    ANNOUNCE: "The change was made, but not announced",
}
"""The message to the requester if it fails, by internal job."""


class InternalJobs:
    """``share`` posts an answer in the channel where the question was asked. ``hide`` deletes a private message.

    ``totp`` shows the requester the key of a new second factor. ``audit export`` sends the requester audit entries as
    files. ``announce`` posts a message in the order's channel.
    """

    def __init__(self, services: WorkerServices) -> None:
        self._queue = services.queue
        self._replies = services.replies
        self._notifier = services.notifier
        self._showing = services.enrolment_message
        self._exporter = services.exporter

    def knows(self, command: str) -> bool:
        """Return whether ``command`` is an internal job."""
        return command in FAILURES

    def run(self, lease: Lease) -> None:
        """Carry it out and end the job. A failure is reported to the requester."""
        order = lease.job.order
        result, detail = order.command, "succeeded"
        messages: list[Ready] = []
        try:
            match order.command:
                case "hide":
                    self._notifier.delete_original(order.response_url)
                case "totp":
                    self._queue.renew(lease)
                    self._showing.show(order.requester, order.channel, order.response_url)
                case "audit export":
                    self._queue.renew(lease)
                    result = self._exporter.send(order)
                    detail = f"succeeded: {result}"
                case "announce":
                    message = from_json(Message, str(order.args["message"]))
                    messages.append(Ready(card(order, order.channel, message)))
                case _:
                    messages.append(Ready(shared(order, self._shared(order))))
        except Conclusion as error:
            failed = Ready(private(order, error_message(error, f"*{FAILURES[order.command]}* · `{order.id}`")))
            entries = [lease.audit_entry("ended", f"failed: {error}")]
            self._replies.end(lease, "failed", results.failure(error), entries, [failed])
            return
        entry = replace(lease.audit_entry("ended", detail), words="")  # nobody typed them
        self._replies.end(lease, "succeeded", results.success(result), [entry], messages)

    def _shared(self, order: Order) -> Message:
        """Return the answer that somebody shares, as everybody sees it. Raise Failed if it is not stored any more."""
        question = self._queue.get(str(order.args["job"]))
        outcome = json.loads(question.outcome or "{}") if question else {}
        if question is None or "message" not in outcome:
            raise Failed("The answer has expired.", next_step="Ask again.")
        message = from_json(Message, outcome["message"])
        words = order_text(question.order.words)
        note = context(f"{words} in {question.order.place}, shared by {user(order.requester)}")
        plain = (*message.plain, note) if message.plain else ()
        return Message(message.text, (*message.blocks, note), plain)
