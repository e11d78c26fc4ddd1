"""Errands for messages that are there already: they read no cluster."""

from __future__ import annotations

import json
from typing import Final

from bot.audit import Entry
from bot.errors import Failed, SwarmbotError
from bot.jobs import outcome
from bot.jobs.lease import Lease
from bot.jobs.queue import Queue
from bot.slack.blocks import Message, context, user
from bot.slack.notifier import Notifier

ERRANDS: Final = frozenset({"share", "hide"})


class Errands:
    """``share`` posts a question's answer in the channel where it was asked; ``hide`` deletes a private message."""

    def __init__(self, queue: Queue, notifier: Notifier) -> None:
        self._queue = queue
        self._notifier = notifier

    def knows(self, command: str) -> bool:
        """Whether ``command`` is an errand."""
        return command in ERRANDS

    def run(self, lease: Lease) -> None:
        """Run it and end its job; a failure is told to who asked."""
        order = lease.job.order
        try:
            if order.command == "hide":
                self._notifier.delete_original(order.response_url)
            else:
                self._share(lease)
        except SwarmbotError as error:
            self._queue.finish(lease, "failed", outcome.of_error(error), [outcome.ended(lease, f"failed: {error}")])
            return
        entry = Entry(
            "ended", lease.worker, order.cluster, order.channel, order.command, job=order.id, detail="succeeded"
        )
        self._queue.finish(lease, "succeeded", json.dumps({"told": order.command}), [entry])

    def _share(self, lease: Lease) -> None:
        order = lease.job.order
        asked = self._queue.get(str(order.args["job"]))
        kept = json.loads(asked.outcome or "{}") if asked else {}
        if asked is None or "message" not in kept:
            raise Failed("The answer is not kept any more.", next_step="Ask again.")
        message = Message.from_json(kept["message"])
        note = context(f"`/swarm {asked.order.words}` in {asked.order.cluster}, shared by {user(order.requester)}")
        plain = (*message.plain, note) if message.plain else ()
        shared = Message(message.text, (*message.blocks, note), plain)
        self._notifier.respond(order.response_url, shared, user=order.requester, channel=order.channel, in_channel=True)
