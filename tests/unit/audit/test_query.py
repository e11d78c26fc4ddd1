"""Looking things up: newest first, by what is asked for, page by page."""

from __future__ import annotations

import time

import pytest
from redis import Redis

from bot.audit import Audit, Entry, Filter
from bot.audit.entry import Head, chained
from bot.store import keys

ENTRIES = [
    Entry("asked", "U1", "prod", "C1", "join", "join worker host-1", "aaaa", nodes=("host-1",)),
    Entry("asked", "U2", "prod", "C1", "join", "join worker host-[2-3]", "bbbb", nodes=("host-2", "host-3")),
    Entry("step", "worker-1", "prod", "C1", "join", "", "bbbb", "host-2 is ready in prod"),
    Entry("refused", "U1", "test", "C2", "init", "init host-10", detail="not an operator"),
]


@pytest.mark.parametrize(
    ("wanted", "seqs"),
    [
        ({}, [4, 3, 2, 1]),
        ({"by": "U1"}, [4, 1]),
        ({"command": "join"}, [3, 2, 1]),
        ({"cluster": "test"}, [4]),
        ({"job": "bbbb"}, [3, 2]),
        ({"node": "host-3"}, [2]),
        ({"node": "host-2"}, [3, 2]),
        ({"node": "host-1"}, [1]),
        ({"node": "host"}, []),
        ({"by": "U1", "command": "join"}, [1]),
    ],
)
def test_filters(audit: Audit, wanted: dict[str, str], seqs: list[int]) -> None:
    """An entry is found if it fits all that is given; host-1 is not host-10."""
    audit.append(ENTRIES)
    assert [entry.seq for entry in audit.query(Filter(**wanted))] == seqs  # type: ignore[arg-type] # a table of keywords


def test_pages(audit: Audit) -> None:
    """Pages, each beginning where the last one ended, give every entry once, across batches."""
    audit.append([Entry("asked", "U1", detail=str(number)) for number in range(1200)])
    seen: list[int] = []
    before = 0
    while page := audit.query(before=before, count=100):
        seen += [entry.seq for entry in page]
        before = page[-1].seq
    assert seen == list(range(1200, 0, -1))


def test_times(audit: Audit, client: Redis) -> None:
    """Since and until are both included, and a clock that is a little off hides nothing."""
    now = time.time()
    head = Head(0, "0" * 64)
    for at in (now - 9000, now - 100, now - 130, now):
        after, rows = chained(head, [Entry("asked", "U1")], at, "")
        client.xadd(keys.AUDIT_LOG, {"entry": rows[0][0], "hash": rows[0][1]}, id=f"{after.seq}-0")
        head = after
    assert [entry.seq for entry in audit.query(Filter(since=round(now - 100, 3)))] == [4, 2]
    assert [entry.seq for entry in audit.query(Filter(until=now - 50))] == [3, 2, 1]
    assert [entry.seq for entry in audit.query(Filter(since=now - 5000))] == [4, 3, 2]


@pytest.mark.parametrize("strange", ['say "hi"', "back\\slash", "“déjà”", "tab\tnew\nline", "host-1"])
def test_strange_names_are_found(audit: Audit, strange: str) -> None:
    """Names are found as they are, however JSON writes them, from both ends of the log."""
    audit.append([Entry("asked", strange, command=strange, nodes=(strange,)), Entry("asked", "U1")])
    for wanted in (Filter(by=strange), Filter(command=strange), Filter(node=strange)):
        assert [entry.seq for entry in audit.query(wanted)] == [1]
        assert [entry.seq for entry in audit.query(wanted, after=1)] == []
    assert [entry.seq for entry in audit.query(Filter(by="U1"), after=1)] == [2]
