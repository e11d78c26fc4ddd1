"""Maintenance of the audit log: move old entries into the archive, and post an anchor each day."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from redis import Redis

from bot.audit import Archive, Audit, Retention, Verification
from bot.audit.verify import anchor_of
from bot.blocks import DONE, FAILED, Message, context, plain_line, section
from bot.config import AuditLog
from bot.errors import Failed
from bot.slack.outbound.notifier import Notifier
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.leader_lease import LeaderLeases

LEASE_S: Final = 900.0
"""Seconds after which the day's anchor is tried again, if the worker that had the lease did not post it."""
POSTED_TTL_S: Final = 2 * keys.DAY_S

log = logging.getLogger(__name__)


class AuditMaintenance:
    """Each worker runs one. Its two tasks are independent: if one fails, the other continues."""

    def __init__(
        self,
        *,
        redis: Redis,
        audit: Audit,
        notifier: Notifier,
        settings: AuditLog,
        leases: LeaderLeases,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._redis = redis
        self._audit = audit
        self._notifier = notifier
        self._channel = settings.anchor_channel
        self._leases = leases
        self._now = now
        self._archive = Archive.at(settings.archive)
        self._retention = Retention(audit.stream, self._archive, settings.keep) if self._archive else None

    def retain(self) -> None:
        """Move old entries into the archive. Raises Failed."""
        if self._retention:
            moved = self._retention.move_old_entries(self._now())
            if moved:
                log.info("%d audit entries were moved into the archive", moved)

    def post_anchor(self) -> None:
        """Post the anchor of the day, unless it is posted or another worker does it. Raises Failed, Undelivered."""
        if self._channel is None:
            return
        day = datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%d")
        lease = self._leases.acquire(keys.anchor_lease(day), LEASE_S)
        if lease is None:
            return
        with translate_errors():
            posted = self._redis.exists(keys.audit_anchored(day))
        if not posted:
            self._post_anchor(self._channel, day)
        lease.release()  # after an error it expires instead: the next try comes LEASE_S later

    def _post_anchor(self, channel: str, day: str) -> None:
        try:
            verification = self._audit.verify(self._archive)
        except OSError as error:
            raise Failed(f"The audit archive cannot be read: {error}.") from error
        self._notifier.post(channel, anchor_message(verification, day))
        with translate_errors():
            self._redis.set(keys.audit_anchored(day), "posted", ex=POSTED_TTL_S)


def anchor_message(verification: Verification, day: str) -> Message:
    """Return the daily message: whether the log is valid, and its anchor for ``audit verify --anchor``."""
    if not verification.ok:
        title = f"{FAILED} The audit log was tampered with · {day}"
        bad = (
            f"First bad entry: {verification.first_bad}, {plain_line(verification.problem)}. There is no anchor today."
        )
        return Message(title, (section(f"*{title}*\n{bad}"), context("Check: `python -m bot audit verify`")))
    anchor = anchor_of(verification.head)
    title = f"{DONE} The audit log is valid · {verification.head.seq:,} entries · {day}"
    how = (
        "Stored outside Redis, this line shows whether the log's end was cut off: `python -m bot audit verify --anchor`"
    )
    return Message(title, (section(f"*{title}*\n`{anchor}`"), context(how)))
