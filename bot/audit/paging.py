"""The audit log in pages, turned by buttons.

A button carries a page's id; what that page showed is stored in Redis for AUDIT_PAGE_TTL_S.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from redis import Redis

from bot.audit.entry import StoredEntry
from bot.audit.filter import Filter
from bot.audit.log import Audit
from bot.errors import NotUnderstood
from bot.model.records import MAX_MATCHES, AuditPage, EntryFilter, EntryRecord
from bot.store import keys
from bot.store.client import translate_errors
from bot.stored_json import from_json, to_json
from bot.text.timespec import read_past

ShownPage = tuple[tuple[EntryRecord, ...], AuditPage]
"""The entries of a page, newest first, and its buttons."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was shown."""

    cluster: str
    """The cluster; "" for all."""
    wanted: Filter
    count: int
    """The most entries of a page."""
    first: int
    """The number of the newest entry."""
    last: int
    """The number of the oldest entry."""


class AuditPages:
    """Safe to share between threads. Methods raise Unavailable."""

    def __init__(self, redis: Redis, audit: Audit) -> None:
        self._redis = redis
        self._audit = audit

    def get(self, page_id: str) -> Page | None:
        """Return a page that was shown; None if it has expired."""
        with translate_errors():
            text = self._redis.get(keys.audit_page(page_id))
        return from_json(Page, str(text)) if text else None

    def has(self, wanted: Filter) -> bool:
        """Return whether an entry matches."""
        return bool(self._audit.query(wanted, count=1))

    def newest(self, cluster: str, wanted: Filter, count: int) -> ShownPage:
        """Return the first page."""
        found = self._audit.query(wanted, count=MAX_MATCHES + 1)
        beside = AuditPage(older=len(found) > count, newer=False, matches=len(found))
        return self._shown(cluster, wanted, count, found[:count], beside)

    def adjacent(self, page: Page, *, older: bool) -> ShownPage:
        """Return the page after ``page``, or with ``older`` false the page before it."""
        count = page.count
        matches = len(self._audit.query(page.wanted, count=MAX_MATCHES + 1))
        if older:
            found = self._audit.query(page.wanted, before=page.last, count=count + 1)
            more = bool(self._audit.query(page.wanted, after=page.last, count=1))
            beside = AuditPage(older=len(found) > count, newer=more, matches=matches)
            return self._shown(page.cluster, page.wanted, count, found[:count], beside)
        found = self._audit.query(page.wanted, after=page.first, count=count + 1)
        if len(found) < count:
            return self.newest(page.cluster, page.wanted, count)
        shown = found[-count:]
        more = bool(self._audit.query(page.wanted, before=shown[-1].seq, count=1))
        beside = AuditPage(older=more, newer=len(found) > count, matches=matches)
        return self._shown(page.cluster, page.wanted, count, shown, beside)

    def _shown(
        self, cluster: str, wanted: Filter, count: int, found: list[StoredEntry], beside: AuditPage
    ) -> ShownPage:
        """Return the page; ``beside`` has everything but its id. An id is stored only for a page with buttons."""
        beside = replace(beside, questions=not wanted.no_questions)
        if found and (beside.older or beside.newer):
            page = Page(cluster, wanted, count, first=found[0].seq, last=found[-1].seq)
            beside = replace(beside, id=self._store(page))
        return tuple(map(_record, found)), beside

    def _store(self, page: Page) -> str:
        page_id = secrets.token_urlsafe(9)
        with translate_errors():
            self._redis.set(keys.audit_page(page_id), to_json(page), ex=keys.AUDIT_PAGE_TTL_S)
        return page_id


def resolve_filter(wanted: EntryFilter, cluster: str, now: float) -> Filter:
    """Return the filter with absolute times at ``now`` (unix seconds). Raises NotUnderstood for what is not a time."""
    return Filter(
        by=wanted.by,
        node=wanted.node,
        command=wanted.command,
        cluster=cluster,
        job=wanted.job,
        since=_unix_seconds(wanted.since, now, end=False),
        until=_unix_seconds(wanted.until, now, end=True),
        no_questions=not wanted.questions,
    )


def _record(stored: StoredEntry) -> EntryRecord:
    return EntryRecord(
        seq=stored.seq,
        at=stored.at,
        action=stored.action,
        by=stored.by,
        cluster=stored.cluster,
        words=stored.words,
        job=stored.job,
        detail=stored.detail,
    )


def _unix_seconds(text: str, now: float, *, end: bool) -> float:
    if not text:
        return 0.0
    moment = read_past(text, now, end=end)
    if moment is None:
        raise NotUnderstood(f"I can't read `{text}` as a time.")
    return moment
