"""Pages: turned by buttons, to and fro, over a log that grows meanwhile."""

from __future__ import annotations

import pytest
from redis import Redis

from bot.audit import ANY, Audit, Entry, Filter
from bot.audit.book import ShownPage, newest, resolved, turned
from bot.errors import NotUnderstood
from bot.model.records import EntryFilter
from bot.store import keys
from tests.kits.audit_log import DAY, NOVEMBER, write

NOW = NOVEMBER + 100 * DAY


def seqs(leaf: ShownPage) -> list[int]:
    """The places that a page shows."""
    return [entry.seq for entry in leaf[0]]


def turn(audit: Audit, leaf: ShownPage, *, older: bool) -> ShownPage:
    """Press a button of a page."""
    page = audit.pages.get(leaf[1].id)
    assert page is not None
    return turned(audit, page, older=older)


def test_to_and_fro(audit: Audit, client: Redis) -> None:
    """Older and Newer show each entry once on the way down and once on the way up; the ends have no button beyond."""
    write(client, 12)
    down = [newest(audit, "prod", ANY, 5)]
    assert not down[0][1].newer
    while down[-1][1].older:
        down.append(turn(audit, down[-1], older=True))
    assert [seqs(leaf) for leaf in down] == [[12, 11, 10, 9, 8], [7, 6, 5, 4, 3], [2, 1]]
    assert (down[-1][1].older, down[-1][1].newer) == (False, True)
    up = [down[-1]]
    while up[-1][1].newer:
        up.append(turn(audit, up[-1], older=False))
    assert [seqs(leaf) for leaf in up[1:]] == [[7, 6, 5, 4, 3], [12, 11, 10, 9, 8]]


def test_the_filter_is_kept(audit: Audit) -> None:
    """A turned page shows what the first one was asked for."""
    audit.append([Entry("asked", f"U{number % 2}") for number in range(20)])
    leaf = newest(audit, "", Filter(by="U1"), 4)
    assert seqs(turn(audit, leaf, older=True)) == [12, 10, 8, 6]


def test_a_log_that_grows(audit: Audit, client: Redis) -> None:
    """New entries shift no page, and turning to Newer from the newest full page shows them."""
    write(client, 10)
    second = turn(audit, newest(audit, "", ANY, 4), older=True)
    audit.append([Entry("asked", "U1")] * 3)
    assert seqs(second) == [6, 5, 4, 3]
    assert seqs(turn(audit, second, older=False)) == [10, 9, 8, 7]
    assert seqs(turn(audit, turn(audit, second, older=False), older=False)) == [13, 12, 11, 10]


def test_buttons_carry_an_id_and_expire(audit: Audit, client: Redis) -> None:
    """What a page was is in Redis for a day, under an id that says nothing."""
    write(client, 3)
    leaf = newest(audit, "", Filter(by="U1"), 1)
    assert leaf[1].id == ""
    leaf = newest(audit, "", ANY, 1)
    assert 0 < int(client.ttl(keys.audit_page(leaf[1].id))) <= keys.AUDIT_PAGE_TTL_S
    client.delete(keys.audit_page(leaf[1].id))
    assert audit.pages.get(leaf[1].id) is None


def test_what_is_asked_becomes_absolute() -> None:
    """A page is of the moment in which it was asked for."""
    wanted = resolved(EntryFilter(by="U1", job="aaaa", since="2d", until="2026-11-01"), "prod", NOW)
    end = 1_793_491_200 + DAY - 0.001
    assert wanted == Filter(by="U1", job="aaaa", cluster="prod", since=NOW - 2 * DAY, until=end)
    with pytest.raises(NotUnderstood):
        resolved(EntryFilter(since="soon"), "", NOW)
