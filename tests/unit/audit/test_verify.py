"""Tampering: after any change to the log in Redis, the first bad entry is named."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from redis import Redis

from bot.audit import Audit, Entry, Head
from bot.audit.cli import add_parser
from bot.audit.entry import chained, digest
from bot.settings import Settings
from bot.store import keys

Rows = list[tuple[str, dict[str, str]]]


def _edit(rows: Rows) -> Rows:
    rows[3][1]["entry"] = rows[3][1]["entry"].replace("U4", "U9")
    return rows


def _edit_and_hash_again(rows: Rows) -> Rows:
    text = rows[3][1]["entry"].replace("U4", "U9")
    rows[3] = ("4-0", {"entry": text, "hash": digest(text)})
    return rows


def _edit_the_hash(rows: Rows) -> Rows:
    rows[3][1]["hash"] = "0" * 64
    return rows


def _delete(rows: Rows) -> Rows:
    return rows[:3] + rows[4:]


def _delete_and_close_the_gap(rows: Rows) -> Rows:
    return [(f"{n}-0", row) for n, (_, row) in enumerate(_delete(rows), start=1)]


def _delete_the_first(rows: Rows) -> Rows:
    return rows[1:]


def _insert_between(rows: Rows) -> Rows:
    return [*rows[:3], ("3-1", dict(rows[2][1])), *rows[3:]]


def _insert_and_shift(rows: Rows) -> Rows:
    text = json.loads(rows[2][1]["entry"])
    _, forged = chained(Head(3, rows[2][1]["hash"]), [Entry("asked", "U9")], text["at"], "")
    inserted = [*rows[:3], ("", {"entry": forged[0][0], "hash": forged[0][1]}), *rows[3:]]
    return [(f"{n}-0", row) for n, (_, row) in enumerate(inserted, start=1)]


def _swap(rows: Rows) -> Rows:
    return [*rows[:3], ("4-0", rows[4][1]), ("5-0", rows[3][1]), *rows[5:]]


def _rubbish(rows: Rows) -> Rows:
    rows[3] = ("4-0", {"entry": "[]", "hash": digest("[]")})
    return rows


def _cut_the_tail(rows: Rows) -> Rows:
    return rows[:3]


def _append(rows: Rows) -> Rows:
    _, forged = chained(Head(6, rows[5][1]["hash"]), [Entry("asked", "U9")], 1.0, "")
    return [*rows, ("7-0", {"entry": forged[0][0], "hash": forged[0][1]})]


def _edit_the_last_and_hash_again(rows: Rows) -> Rows:
    rows[5][1]["entry"] = rows[5][1]["entry"].replace("U6", "U9")
    rows[5][1]["hash"] = digest(rows[5][1]["entry"])
    return rows


TAMPERINGS: list[tuple[Callable[[Rows], Rows], int, str]] = [
    (_edit, 4, "edited"),
    (_edit_the_hash, 4, "edited"),
    (_edit_and_hash_again, 4, "rewritten"),
    (_delete, 4, "missing"),
    (_delete_and_close_the_gap, 4, "out of order"),
    (_delete_the_first, 1, "missing"),
    (_insert_between, 4, "inserted"),
    (_insert_and_shift, 4, "inserted"),
    (_swap, 4, "out of order"),
    (_rubbish, 4, "not an entry"),
    (_cut_the_tail, 4, "missing"),
    (_append, 7, "not written by Swarmbot"),
    (_edit_the_last_and_hash_again, 6, "rewritten"),
]


@pytest.mark.parametrize(
    ("tamper", "first_bad", "problem"), TAMPERINGS, ids=lambda value: getattr(value, "__name__", "")
)
def test_tampering_is_named(
    audit: Audit, client: Redis, tamper: Callable[[Rows], Rows], first_bad: int, problem: str
) -> None:
    """The first bad entry is named with what was done to it, and only what is before it counts as holding."""
    audit.append([Entry("asked", f"U{number}", cluster="prod") for number in range(1, 7)])
    assert audit.verify().ok
    rows: Rows = client.xrange(keys.AUDIT_LOG)  # type: ignore[assignment] # a client that decodes
    client.delete(keys.AUDIT_LOG)
    for place, row in tamper(rows):
        client.xadd(keys.AUDIT_LOG, row, id=place)  # type: ignore[arg-type] # dict is invariant
    verdict = audit.verify()
    assert not verdict.ok
    assert verdict.first_bad == first_bad
    assert problem in verdict.problem
    assert verdict.count == first_bad - 1


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (None, "head is missing"),
        ("2:" + "f" * 64, "not written"),
        ("3:" + "f" * 64, "another hash"),
        ("x", "head is missing"),
    ],
)
def test_a_head_that_does_not_fit(audit: Audit, client: Redis, head: str | None, problem: str) -> None:
    """A head that was removed or changed is found."""
    audit.append([Entry("asked", "U1")] * 3)
    if head is None:
        client.delete(keys.AUDIT_HEAD)
    else:
        client.set(keys.AUDIT_HEAD, head)
    verdict = audit.verify()
    assert verdict.first_bad == 3
    assert problem in verdict.problem


def test_a_log_that_was_emptied(audit: Audit, client: Redis) -> None:
    """A head without entries means that all of them are missing."""
    audit.append([Entry("asked", "U1")])
    client.delete(keys.AUDIT_LOG)
    assert audit.verify().first_bad == 1


def test_a_long_log_holds(audit: Audit) -> None:
    """Walking goes across batches, and fields of every kind survive their way through Redis."""
    strange = Entry("asked", "U1", words='“déjà vu” 🐳 " \\ \x00 \n', nodes=("host-1",))
    for _ in range(3):
        audit.append([replace(strange, detail=str(number)) for number in range(500)])
    verdict = audit.verify()
    assert (verdict.ok, verdict.count) == (True, 1500)
    assert audit.query(count=1)[0].words == strange.words


def test_the_command_line(
    audit: Audit, client: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``audit verify`` exits with 0 while all is well, and with 1 and the first bad entry when it is not."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    args = parser.parse_args(["audit", "verify"])
    args.settings = Settings.from_environment()
    assert args.act(args) == 0
    assert capsys.readouterr().out == "The audit log is empty.\n"
    audit.append([Entry("asked", "U1"), Entry("ended", "U1")])
    assert args.act(args) == 0
    assert audit.verify().head.hash in capsys.readouterr().out
    client.xdel(keys.AUDIT_LOG, "1-0")
    assert args.act(args) == 1
    assert "First bad entry: 1, missing" in capsys.readouterr().out
