"""Looks after the audit log: moves old entries into the archive, and posts each day's anchor."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from redis import Redis

from bot.audit import Archive, Audit, Retention, Verdict
from bot.audit.anchor import anchor_of
from bot.blocks import DONE, FAILED, Message, context, escape, section
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
    """Any number of workers may have one. Its duties know nothing of each other: one that fails stops no other."""

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
        self._archive = Archive(settings.archive) if settings.archive else None
        self._retention = Retention(audit.stream, self._archive, settings.keep) if self._archive else None

    def retain(self) -> None:
        """Move what is older than it need be kept; raises Failed."""
        if self._retention:
            moved = self._retention.turn(self._now())
            if moved:
                log.info("%d audit entries went into the archive", moved)

    def post_anchor(self) -> None:
        """Post the day's anchor, unless it is posted, or another worker is at it. Raises Failed, Undelivered."""
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
            verdict = self._audit.verify(self._archive)
        except OSError as error:
            raise Failed(f"The audit archive cannot be read: {error}.") from error
        self._notifier.post(channel, anchor_message(verdict, day))
        with translate_errors():
            self._redis.set(keys.audit_anchored(day), "posted", ex=POSTED_TTL_S)


def anchor_message(verdict: Verdict, day: str) -> Message:
    """What is posted: whether the log holds, and the line that ``audit verify --anchor`` takes."""
    if not verdict.ok:
        title = f"{FAILED} The audit log was tampered with · {day}"
        bad = f"First bad entry: {verdict.first_bad}, {escape(verdict.problem)}. No anchor is given."
        return Message(title, (section(f"*{title}*\n{bad}"), context("`python -m bot audit verify` says the same.")))
    anchor = anchor_of(verdict.head)
    title = f"{DONE} The audit log holds · {verdict.head.seq:,} entries · {day}"
    how = "Kept outside Redis, this line shows whether the log's end was cut off: `python -m bot audit verify --anchor`"
    return Message(title, (section(f"*{title}*\n`{anchor}`"), context(how)))
