"""Sends audit entries to the requester, as files that nobody else sees."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bot.audit import Archive, Audit, Filter
from bot.audit.chain import Row
from bot.audit.export import matching_rows, write_csv, write_json_lines
from bot.errors import Refused
from bot.queue.job import Order
from bot.slack.outbound.files import DirectMessageUploads, Upload

MAX_ENTRIES: Final = 100_000
"""The most entries in a file for Slack. ``python -m bot audit export`` has no limit."""


class AuditExporter:
    """Safe to share between threads. ``archive``, if there is one, is read before Redis."""

    def __init__(self, audit: Audit, archive: Archive | None, uploads: DirectMessageUploads) -> None:
        self._audit = audit
        self._archive = archive
        self._uploads = uploads

    def send(self, order: Order) -> str:
        """Send the requester the entries that the order's arguments (a Filter's fields) select. Return what was sent.

        Raise Refused if no entry matches, Failed if the archive cannot be read, Undelivered or Unavailable.
        """
        wanted = _filter(order.args)
        rows: deque[Row] = deque(maxlen=MAX_ENTRIES)
        total = 0
        for row in matching_rows(self._audit, self._archive, wanted):
            rows.append(row)
            total += 1
        if not rows:
            raise Refused("no audit entry matches.")
        what = f"{total:,} audit {'entry' if total == 1 else 'entries'} of {wanted.cluster or 'every cluster'}"
        if total > MAX_ENTRIES:
            what = f"the newest {MAX_ENTRIES:,} of {what}; all of them: `python -m bot audit export`"
        stem = f"audit-{wanted.cluster or 'all'}-{datetime.fromtimestamp(order.asked_at, UTC):%Y-%m-%d-%H%M}"
        self._uploads.send(order.requester, _files(rows, stem), f"{what[0].upper()}{what[1:]} (`{order.id}`)")
        return what


def _files(rows: deque[Row], stem: str) -> list[Upload]:
    lines, table = io.StringIO(), io.StringIO(newline="")
    write_json_lines(rows, lines)
    write_csv(rows, table)
    return [
        Upload(f"{stem}.jsonl", lines.getvalue().encode(), "JSON Lines, with hashes"),
        Upload(f"{stem}.csv", table.getvalue().encode("utf-8-sig"), "CSV, for spreadsheets"),
    ]


def _filter(args: Mapping[str, Any]) -> Filter:
    return Filter(**args)
