"""Commands that are answered at once from Swarmbot's own records."""

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
PAGE_BUTTONS: Final = frozenset({OLDER, "audit.newer"})


class RecordCommands:
    """Safe to share between threads."""

    def __init__(self, commands: CommandRegistry, records: RecordReader, audit: Audit, queue: Queue) -> None:
        self._commands = commands
        self._records = records
        self._audit = audit
        self._queue = queue

    def answer(self, call: Call) -> Message:
        """Return the answer to an authorised call."""
        assert call.command.record is not None  # noqa: S101 - tells mypy what the gate has seen
        query = call.command.query(call.arguments)
        if query.export:
            return self._export(call, query)
        if self._records.reads(query):
            self._audit.append([call.entry("asked")])
        records = self._records.read(query, cluster=call.cluster, requester=call.user)
        return call.command.record(records, call.arguments)

    def turn_page(self, request: PressRequest, authorise: Callable[[Call], None]) -> Message:
        """Return the next page of the audit log, if the person may still read it."""
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
        records = self._records.adjacent_page(page, request.user, older=request.action == OLDER)
        shown = command.record(records, call.arguments)
        return ReplacingMessage(shown.text, shown.blocks, shown.plain)

    def _export(self, call: Call, query: RecordsQuery) -> Message:
        """Make a worker send the entries as files: that takes longer than Slack waits."""
        wanted = self._records.wanted_entries(query, call.cluster, time.time())
        order = replace(call.order("concurrent"), command=EXPORT, args=asdict(wanted))
        admission = self._queue.admit(order, [call.entry("asked", job=order.id)])
        waits = "" if admission.workers else " No worker is running: the job starts when one does."
        return text_message(
            f"On it: Swarmbot sends the files to you as a direct message · job {tick(admission.job_id)}.{waits}"
        )
