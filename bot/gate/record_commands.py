"""What is answered at once, from Swarmbot's own records."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Final

from bot.audit import Audit
from bot.blocks import Message, text_message, tick
from bot.commands import CommandRegistry
from bot.execution.internal_jobs import EXPORT
from bot.gate.call import Call
from bot.gate.records import RecordReader
from bot.model.records import RecordsQuery
from bot.queue.queue import Queue
from bot.slack.inbound.requests import PressRequest, ReplacingMessage

OLDER: Final = "audit.older"
TURNS: Final = frozenset({OLDER, "audit.newer"})
"""Buttons that turn the pages of the audit log."""


class RecordCommands:
    """Safe to share between threads."""

    def __init__(self, commands: CommandRegistry, records: RecordReader, audit: Audit, queue: Queue) -> None:
        self._commands = commands
        self._records = records
        self._audit = audit
        self._queue = queue

    def give(self, call: Call) -> Message:
        """The answer to a call that may be made."""
        assert call.command.record is not None  # noqa: S101 - tells mypy what the gate has seen
        query = call.command.query(call.arguments)
        if query.export:
            return self._export(call, query)
        if self._records.reads(query):
            self._audit.append([call.entry("asked")])
        records = self._records.read(query, cluster=call.cluster, requester=call.user)
        return call.command.record(records, call.arguments)

    def turn(self, request: PressRequest, authorise: Callable[[Call], None]) -> Message:
        """Show the page of the audit log beside the one with the button, to who may read it now."""
        page = self._records.page(request.value)
        command = self._commands["audit"]
        assert command.record is not None  # noqa: S101 - tells mypy what handlers/audit.py says
        call = Call(
            command=command,
            arguments=command.arguments(),
            words="audit",
            cluster=page.cluster,
            user=request.user,
            channel=request.channel,
            response_url=request.response_url,
            request_key=request.request_key,
        )
        authorise(call)
        records = self._records.turned(page, request.user, older=request.action == OLDER)
        shown = command.record(records, call.arguments)
        return ReplacingMessage(shown.text, shown.blocks, shown.plain)

    def _export(self, call: Call, query: RecordsQuery) -> Message:
        """Have a worker send the entries: files take longer than Slack waits."""
        wanted = self._records.wanted(query, call.cluster, time.time())
        order = replace(call.order("concurrent"), command=EXPORT, args=asdict(wanted))
        admission = self._queue.admit(order, [call.entry("asked", job=order.id)])
        turn = "" if admission.workers else " No worker is running: it starts as soon as one does."
        told = f"On it: the files come to your direct messages with Swarmbot · job {tick(admission.job_id)}.{turn}"
        return text_message(told)
