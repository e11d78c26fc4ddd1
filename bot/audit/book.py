"""The audit log as people turn its pages."""

from __future__ import annotations

from bot.audit.entry import Stored
from bot.audit.filter import Filter
from bot.audit.log import Audit
from bot.audit.pages import Page
from bot.errors import NotUnderstood
from bot.model.records import AuditPage, EntryFilter, EntryRecord
from bot.text.timespec import read_past

ShownPage = tuple[tuple[EntryRecord, ...], AuditPage]
"""What a page shows, newest first, and how to turn it."""


def resolved(wanted: EntryFilter, cluster: str, now: float) -> Filter:
    """What was asked for at ``now`` (unix seconds); raises NotUnderstood for what is no moment."""
    return Filter(
        by=wanted.by,
        node=wanted.node,
        command=wanted.command,
        cluster=cluster,
        job=wanted.job,
        since=_moment(wanted.since, now, end=False),
        until=_moment(wanted.until, now, end=True),
    )


def newest(audit: Audit, cluster: str, wanted: Filter, count: int) -> ShownPage:
    """The first page; raises Unavailable."""
    found = audit.query(wanted, count=count + 1)
    return _leaf(audit, cluster, wanted, count, found[:count], older=len(found) > count, newer=False)


def turned(audit: Audit, page: Page, *, older: bool) -> ShownPage:
    """The page behind ``page``, or before it; raises Unavailable."""
    count = page.count
    if older:
        found = audit.query(page.wanted, before=page.last, count=count + 1)
        more = bool(audit.query(page.wanted, after=page.last, count=1))
        return _leaf(audit, page.cluster, page.wanted, count, found[:count], older=len(found) > count, newer=more)
    found = audit.query(page.wanted, after=page.first, count=count + 1)
    if len(found) < count:
        return newest(audit, page.cluster, page.wanted, count)
    shown = found[-count:]
    more = bool(audit.query(page.wanted, before=shown[-1].seq, count=1))
    return _leaf(audit, page.cluster, page.wanted, count, shown, older=more, newer=len(found) > count)


def _leaf(
    audit: Audit, cluster: str, wanted: Filter, count: int, found: list[Stored], *, older: bool, newer: bool
) -> ShownPage:
    if not found:
        return (), AuditPage()
    page_id = ""
    if older or newer:
        page_id = audit.pages.keep(Page(cluster, wanted, count, first=found[0].seq, last=found[-1].seq))
    return tuple(map(_record, found)), AuditPage(page_id, older=older, newer=newer)


def _record(stored: Stored) -> EntryRecord:
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


def _moment(text: str, now: float, *, end: bool) -> float:
    if not text:
        return 0.0
    moment = read_past(text, now, end=end)
    if moment is None:
        raise NotUnderstood(f"`{text}` is no moment that is over.")
    return moment
