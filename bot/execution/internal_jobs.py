"""Errands: what a worker does that reads no cluster."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Final

from bot.blocks import Message, context, error_message, user
from bot.errors import Conclusion, Failed, SwarmbotError
from bot.execution.services import WorkerServices
from bot.queue import results
from bot.queue.job import Order
from bot.queue.lease import Lease
from bot.slack.outbound.notifier import Undelivered
from bot.stored_json import from_json

EXPORT: Final = "audit export"
ANNOUNCE: Final = "announce"
INTERNAL_JOBS: Final = frozenset({"share", "hide", "totp", EXPORT, ANNOUNCE})


class InternalJobs:
    """``share`` posts a question's answer in the channel where it was asked; ``hide`` deletes a private message.

    ``totp`` shows the asker the key of a new second factor; ``audit export`` sends the asker files of audit entries;
    ``announce`` posts a message in the order's channel.
    """

    def __init__(self, services: WorkerServices) -> None:
        self._queue = services.queue
        self._notifier = services.notifier
        self._showing = services.enrolment_message
        self._exporter = services.exporter

    def knows(self, command: str) -> bool:
        """Whether ``command`` is an errand."""
        return command in INTERNAL_JOBS

    def run(self, lease: Lease) -> None:
        """Run it and end its job; a failure is told to who asked."""
        order = lease.job.order
        told, detail = order.command, "succeeded"
        try:
            match order.command:
                case "hide":
                    self._notifier.delete_original(order.response_url)
                case "totp":
                    self._showing.show(order.requester, order.channel, order.response_url)
                case "audit export":
                    told = self._exporter.send(order)
                    detail = f"succeeded: {told}"
                case "announce":
                    self._notifier.post(order.channel, from_json(Message, str(order.args["message"])))
                case _:
                    self._share(lease)
        except Conclusion as error:
            self._tell(order, error)
            self._queue.finish(
                lease, "failed", results.failure(error), [lease.audit_entry("ended", f"failed: {error}")]
            )
            return
        entry = replace(lease.audit_entry("ended", detail), words="")  # nobody typed them
        self._queue.finish(lease, "succeeded", json.dumps({"told": told}), [entry])

    def _tell(self, order: Order, error: SwarmbotError) -> None:
        """Say that it failed; where Slack takes no word either, the job's end says it."""
        with suppress(Undelivered):
            message = error_message(error)
            self._notifier.respond(order.response_url, message, user=order.requester, channel=order.channel)

    def _share(self, lease: Lease) -> None:
        order = lease.job.order
        asked = self._queue.get(str(order.args["job"]))
        kept = json.loads(asked.outcome or "{}") if asked else {}
        if asked is None or "message" not in kept:
            raise Failed("The answer is not kept any more.", next_step="Ask again.")
        message = from_json(Message, kept["message"])
        note = context(f"`/swarm {asked.order.words}` in {asked.order.cluster}, shared by {user(order.requester)}")
        plain = (*message.plain, note) if message.plain else ()
        shared = Message(message.text, (*message.blocks, note), plain)
        self._notifier.respond(order.response_url, shared, user=order.requester, channel=order.channel, in_channel=True)
