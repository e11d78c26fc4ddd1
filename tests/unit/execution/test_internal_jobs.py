"""A failed internal job says to its requester what failed, and which job it was."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bot.blocks import Message
from bot.execution.internal_jobs import ANNOUNCE, EXPORT, FAILURES, InternalJobs
from bot.outbox.deliverer import Ready
from bot.queue.queue import Queue
from bot.slack.outbound.notifier import Undelivered
from tests.kits.jobs import asked, order, taken


@pytest.mark.parametrize(
    ("command", "title"),
    [
        (EXPORT, "The audit entries were not sent"),
        ("totp", "The second factor was not shown"),
        ("hide", "The message was not hidden"),
    ],
)
def test_what_failed_is_said(queue: Queue, command: str, title: str) -> None:
    """The title names it and the job; the reason follows."""
    told: list[Message] = []

    def refuse(*_: object, **__: object) -> str:
        raise Undelivered("missing_scope", "<@U0ASKER>", "the file `audit.csv`")

    def end(_lease: object, state: str, _result: str, _entries: object, messages: list[Ready]) -> None:
        assert state == "failed"
        told.extend(each.outgoing.message for each in messages)

    services: Any = SimpleNamespace(
        queue=queue,
        replies=SimpleNamespace(end=end),
        notifier=SimpleNamespace(delete_original=refuse),
        enrolment_message=SimpleNamespace(show=refuse),
        exporter=SimpleNamespace(send=refuse),
    )
    what = replace(order(job_id="k7f3", lane="concurrent"), command=command)
    queue.admit(what, asked(what))
    InternalJobs(services).run(taken(queue, lane="concurrent"))
    assert told[0].text.startswith(f"✗ *{title}* · `k7f3` Slack did not accept the file `audit.csv` for <@U0ASKER>")


def test_every_internal_job_has_its_words() -> None:
    """Those that a worker knows."""
    assert {"share", "hide", "totp", EXPORT, ANNOUNCE} == FAILURES.keys()
