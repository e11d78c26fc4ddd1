"""The errand that sends audit entries to who asked, as files that nobody else sees."""

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

MOST: Final = 100_000
"""Entries in a file for Slack; ``python -m bot audit export`` knows no limit."""


class Exporter:
    """Safe to share between threads. ``archive`` is read before Redis, where there is one."""

    def __init__(self, audit: Audit, archive: Archive | None, uploads: DirectMessageUploads) -> None:
        self._audit = audit
        self._archive = archive
        self._uploads = uploads

    def send(self, order: Order) -> str:
        """Send what the order's arguments (a Filter's fields) mean to who asked; what was sent, in words.

        Raises Refused when no entry is like that, Failed when the archive cannot be read, Undelivered, Unavailable.
        """
        wanted = _filter(order.args)
        rows: deque[Row] = deque(maxlen=MOST)
        total = 0
        for row in matching_rows(self._audit, self._archive, wanted):
            rows.append(row)
            total += 1
        if not rows:
            raise Refused("no entry of the audit log is like that.")
        what = f"{total:,} audit {'entry' if total == 1 else 'entries'} of {wanted.cluster or 'every cluster'}"
        if total > MOST:
            what = f"the newest {MOST:,} of {what}; all of them: `python -m bot audit export`"
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
