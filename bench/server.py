"""The web process as it is, over a gate that does what every command costs: a job and its audit entry in Redis."""

from __future__ import annotations

import time

from bot.audit import Audit, Entry
from bot.jobs.job import Order, new_id
from bot.jobs.queue import Queue
from bot.settings import Settings
from bot.slack import blocks
from bot.slack.notifier import Notifier
from bot.slack.requests import PressRequest, SlashRequest
from bot.slack.web import run_web
from bot.store.client import QUICK, connect


class AdmittingGate:
    """Admits every command as a question, so that none waits for another's end."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def slash(self, request: SlashRequest) -> blocks.Message:
        """Store the job and its audit entry, then say so."""
        order = Order(
            id=new_id(),
            request_key=request.request_key,
            kind="question",
            command="status",
            words=request.text,
            args={},
            cluster="prod",
            requester=request.user,
            channel=request.channel,
            response_url=request.response_url,
            asked_at=time.time(),
        )
        entry = Entry("asked", request.user, "prod", request.channel, "status", request.text, order.id)
        admission = self._queue.admit(order, [entry])
        text = f"On it · job {blocks.tick(admission.job_id)}"
        return blocks.Message(text, [blocks.context(text)])

    def press(self, request: PressRequest) -> None:
        """Take nothing: commands are what is measured."""


def open_gate(settings: Settings, notifier: Notifier) -> AdmittingGate:
    """Make the gate of one of gunicorn's workers."""
    del notifier
    redis = connect(settings.redis_url, QUICK)
    return AdmittingGate(Queue(redis, Audit(redis)))


if __name__ == "__main__":
    run_web(Settings.from_environment(), open_gate)
