"""Writing to the log: by several at once, again after a lost answer, and with secrets in the text."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from redis import Redis

from bot.audit import Audit, Entry, Filter
from bot.audit.entry import GENESIS, chained
from bot.errors import Failed
from bot.store import keys


def test_entries_are_numbered_and_chained(audit: Audit) -> None:
    """Each entry has the next place and the hash of the one before it."""
    audit.append([Entry("asked", "U1"), Entry("planned", "worker")])
    audit.append([Entry("ended", "worker")])
    newest, planned, first = audit.query()
    assert [newest.seq, planned.seq, first.seq] == [3, 2, 1]
    assert (newest.prev, planned.prev, first.prev) == (planned.hash, first.hash, GENESIS.hash)
    assert audit.verify().count == 3


def test_many_writers_make_one_chain(client: Redis) -> None:
    """Ten writers that know nothing of each other lose no entry and break no link."""
    writers = [Audit(client) for _ in range(10)]

    def write(audit: Audit, name: str) -> None:
        for number in range(20):
            audit.append([Entry("asked", name, detail=str(number))])

    threads = [threading.Thread(target=write, args=(a, f"U{n}")) for n, a in enumerate(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    verdict = writers[0].verify()
    assert (verdict.ok, verdict.count) == (True, 200)
    for number in range(10):
        mine = writers[0].query(Filter(by=f"U{number}"), count=50)
        assert [entry.detail for entry in reversed(mine)] == [str(n) for n in range(20)]


def test_a_write_whose_answer_was_lost_is_done_once(audit: Audit) -> None:
    """The same call made again, by a client that retries, appends nothing, even after others have appended."""
    after, rows = chained(GENESIS, [Entry("asked", "U1")], 1.0, "")
    call = [str(GENESIS), str(after), *rows[0]]
    places = [keys.AUDIT_LOG, keys.AUDIT_HEAD]
    assert audit._script(places, call) == ["ok"]
    audit.append([Entry("asked", "U2")])
    assert audit._script(places, call) == ["ok"]
    assert [entry.by for entry in audit.query()] == ["U2", "U1"]


def test_twins_are_told_from_one_call_made_again(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes that write equal entries in one millisecond, having read one head, write two entries."""
    monkeypatch.setattr("bot.audit.log.time", SimpleNamespace(time=lambda: 1_800_000_000.0))
    one, other = Audit(client), Audit(client)
    for writer in (one, other):
        writer._head = GENESIS
        writer.append([Entry("vote refused", "U1", job="k7f3")])
    assert [entry.by for entry in one.query()] == ["U1", "U1"]
    assert one.verify().count == 2


def test_secrets_are_masked(audit: Audit, client: Redis) -> None:
    """What looks like a secret does not reach the log."""
    audit.append(
        [Entry("asked", "U1", words="join --token SWMTKN-1-abc-def", detail="xoxb-12-abc", nodes=("SWMTKN-1-ghi",))]
    )
    assert audit.query()[0].words == "join --token ***"
    assert audit.query()[0].nodes == ("***",)
    stored = str(client.xrange(keys.AUDIT_LOG))
    assert "SWMTKN" not in stored
    assert "xoxb" not in stored


def test_a_log_with_foreign_entries_takes_no_more(audit: Audit, client: Redis) -> None:
    """Where somebody wrote past the head, nothing is done until somebody has checked, and the person is notified."""
    audit.append([Entry("asked", "U1")])
    client.xadd(keys.AUDIT_LOG, {"entry": "{}", "hash": ""}, id="9-0")
    with pytest.raises(Failed) as told:
        audit.append([Entry("asked", "U2")])
    assert "audit verify" in told.value.next_step
