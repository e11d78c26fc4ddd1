"""Pages of the audit log, turned by buttons while the log grows."""

from __future__ import annotations

import pytest
from redis import Redis

from bot.audit import ANY, Audit, Entry, Filter
from bot.audit.paging import AuditPages, ShownPage, resolve_filter
from bot.errors import NotUnderstood
from bot.model.records import EntryFilter
from bot.store import keys
from tests.kits.audit_log import DAY, NOVEMBER, write

NOW = NOVEMBER + 100 * DAY


@pytest.fixture
def pages(client: Redis, audit: Audit) -> AuditPages:
    """Return the pages of the log."""
    return AuditPages(client, audit)


def seqs(shown: ShownPage) -> list[int]:
    """The places that a page shows."""
    return [entry.seq for entry in shown[0]]


def turn(pages: AuditPages, shown: ShownPage, *, older: bool) -> ShownPage:
    """Press a button of a page."""
    page = pages.get(shown[1].id)
    assert page is not None
    return pages.adjacent(page, older=older)


def test_to_and_fro(pages: AuditPages, client: Redis) -> None:
    """Older and Newer show each entry once on the way down and once on the way up; the ends have no button beyond."""
    write(client, 12)
    down = [pages.newest("prod", ANY, 5)]
    assert not down[0][1].newer
    while down[-1][1].older:
        down.append(turn(pages, down[-1], older=True))
    assert [seqs(shown) for shown in down] == [[12, 11, 10, 9, 8], [7, 6, 5, 4, 3], [2, 1]]
    assert (down[-1][1].older, down[-1][1].newer) == (False, True)
    up = [down[-1]]
    while up[-1][1].newer:
        up.append(turn(pages, up[-1], older=False))
    assert [seqs(shown) for shown in up[1:]] == [[7, 6, 5, 4, 3], [12, 11, 10, 9, 8]]


def test_the_filter_is_kept(pages: AuditPages, audit: Audit) -> None:
    """A turned page shows what the first one was asked for."""
    audit.append([Entry("asked", f"U{number % 2}") for number in range(20)])
    shown = pages.newest("", Filter(by="U1"), 4)
    assert seqs(turn(pages, shown, older=True)) == [12, 10, 8, 6]


def test_a_log_that_grows(pages: AuditPages, audit: Audit, client: Redis) -> None:
    """New entries shift no page, and turning to Newer from the newest full page shows them."""
    write(client, 10)
    second = turn(pages, pages.newest("", ANY, 4), older=True)
    audit.append([Entry("asked", "U1")] * 3)
    assert seqs(second) == [6, 5, 4, 3]
    assert seqs(turn(pages, second, older=False)) == [10, 9, 8, 7]
    assert seqs(turn(pages, turn(pages, second, older=False), older=False)) == [13, 12, 11, 10]


def test_buttons_carry_an_id_and_expire(pages: AuditPages, client: Redis) -> None:
    """What a page was is in Redis for a day, under an id that says nothing."""
    write(client, 3)
    shown = pages.newest("", Filter(by="U1"), 1)
    assert shown[1].id == ""
    shown = pages.newest("", ANY, 1)
    assert 0 < int(client.ttl(keys.audit_page(shown[1].id))) <= keys.AUDIT_PAGE_TTL_S
    client.delete(keys.audit_page(shown[1].id))
    assert pages.get(shown[1].id) is None


def test_what_is_asked_becomes_absolute() -> None:
    """A page is of the moment in which it was asked for."""
    wanted = resolve_filter(EntryFilter(by="U1", job="aaaa", since="2d", until="2026-11-01"), "prod", NOW)
    end = 1_793_491_200 + DAY - 0.001
    assert wanted == Filter(by="U1", job="aaaa", cluster="prod", since=NOW - 2 * DAY, until=end, no_questions=True)
    with pytest.raises(NotUnderstood):
        resolve_filter(EntryFilter(since="soon"), "", NOW)
