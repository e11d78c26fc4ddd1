"""Exports: JSON Lines that carry the chain, CSV that no spreadsheet computes, sent to one person."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from redis import Redis

from bot.audit import ANY, Audit, Entry, Filter, Retention
from bot.audit.chain import Row
from bot.audit.entry import digest
from bot.audit.export import COLUMNS, matching_rows, write_csv, write_json_lines
from bot.errors import Failed, Refused
from bot.execution import audit_export
from bot.execution.audit_export import AuditExporter
from bot.queue.job import Order
from bot.settings import Settings
from bot.slack.outbound.client import web_client
from bot.slack.outbound.files import DirectMessageUploads
from bot.slack.outbound.notifier import Undelivered
from sandbox.slack import LocalSlack
from tests.kits.audit_log import DAY, NOVEMBER, archived, write

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "－1"]  # noqa: RUF001 - as typed


@pytest.fixture
def uploads(slack: LocalSlack) -> DirectMessageUploads:
    """Uploads by the bot's own client."""
    return DirectMessageUploads(web_client(Settings.from_environment(slack.environment())))


def order(wanted: Filter) -> Order:
    """The order that ``/swarm audit --export`` becomes, of ada's."""
    return Order(
        id="k7f3",
        request_key="r",
        lane="concurrent",
        command="audit export",
        words="audit --export",
        args=json.loads(json.dumps(asdict(wanted))),
        cluster=wanted.cluster,
        requester="U0ADA",
        channel="C0PROD",
        response_url="",
        asked_at=NOVEMBER,
    )


def table(audit: Audit) -> list[dict[str, str]]:
    """The whole log as a spreadsheet reads it."""
    out = io.StringIO(newline="")
    write_csv(matching_rows(audit, None, ANY), out)
    return list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))


def test_json_lines_carry_the_chain(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """Each line without its hash is the text that was hashed, across the archive and Redis, oldest first."""
    heads = write(client, 12)
    archive = archived(audit, tmp_path, 8)
    out = io.StringIO()
    write_json_lines(matching_rows(audit, archive, ANY), out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["hash"] for line in lines] == [head.hash for head in heads]
    for line in lines:
        text = {key: value for key, value in line.items() if key != "hash"}
        assert digest(json.dumps(text, ensure_ascii=False, sort_keys=True, separators=(",", ":"))) == line["hash"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_is_text(audit: Audit, text: str) -> None:
    """What a spreadsheet would compute begins with an apostrophe, in every column that people fill."""
    audit.append([Entry("asked", text, text, text, text, text, text, text, nodes=(text,))])
    (row,) = table(audit)
    for name in ("by", "cluster", "channel", "command", "words", "job", "detail", "nodes"):
        assert row[name] == f"'{text}"


def test_cells_survive(audit: Audit) -> None:
    """Quotes, commas, line ends and other scripts come back as they were; columns are the documented ones."""
    strange = 'say "hi", twice;\r\nand “déjà vu” 🐳'
    audit.append([Entry("asked", "U1", detail=strange, nodes=("host-1", "host-2"))])
    (row,) = table(audit)
    assert tuple(row) == COLUMNS
    assert (row["detail"], row["nodes"], row["seq"]) == (strange, "host-1 host-2", "1")
    assert row["time"].endswith("+00:00")


def test_filters_hold_for_exports(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """Only what fits is exported, from the archive too."""
    write(client, 12)
    archive = archived(audit, tmp_path, 8)
    wanted = Filter(cluster="prod", since=NOVEMBER + 6 * 86400, until=NOVEMBER + 9 * 86400)
    assert [row[0] or json.loads(row[1])["seq"] for row in matching_rows(audit, archive, wanted)] == [
        7,
        8,
        "9-0",
        "10-0",
    ]


@pytest.mark.parametrize("before", [0, 4])
def test_entries_that_move_meanwhile_are_exported(
    audit: Audit, client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    """Retention takes a turn after the archive was read, and before Redis is: each entry comes once, in its place."""
    heads = write(client, 10)
    archive = archived(audit, tmp_path, before)
    read = audit.stream.rows

    def rows(after: int = 0, last: str = "+") -> Iterator[Row]:
        monkeypatch.undo()
        Retention(audit.stream, archive, keep=DAY).move_old_entries(NOVEMBER + 8.5 * DAY)
        return read(after, last)

    monkeypatch.setattr(audit.stream, "rows", rows)
    assert [row[2] for row in matching_rows(audit, archive, ANY)] == [head.hash for head in heads]


def test_an_archive_that_cannot_be_read(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """An export that would lack entries is refused."""
    write(client, 45)
    archive = archived(audit, tmp_path, 44)
    first = min(tmp_path.glob("*.gz"))
    first.write_bytes(first.read_bytes()[:-1])
    with pytest.raises(Failed, match="cannot be read"):
        list(matching_rows(audit, archive, ANY))


def test_files_reach_the_asker_alone(
    audit: Audit, client: Redis, slack: LocalSlack, uploads: DirectMessageUploads
) -> None:
    """Both files come in one direct message, which says what they hold; nobody else sees them."""
    write(client, 12)
    what = AuditExporter(audit, None, uploads).send(order(Filter(cluster="prod", by="U3")))
    assert what == "1 audit entry of prod"
    files = _files(slack)
    assert sorted(name for name, _ in files) == ["audit-prod-2026-11-01-0226.csv", "audit-prod-2026-11-01-0226.jsonl"]
    assert [slack.file_seen_by(file_id) for file_id in slack.workspace.files.everything] == [["ada"], ["ada"]]
    assert ["1 audit entry of prod (`k7f3`)" in entry.text for entry in slack.transcript()] == [True]
    content = dict(files)
    assert content["audit-prod-2026-11-01-0226.csv"].startswith(b"\xef\xbb\xbf")
    assert json.loads(content["audit-prod-2026-11-01-0226.jsonl"])["by"] == "U3"


def test_nothing_to_export(audit: Audit, slack: LocalSlack, uploads: DirectMessageUploads) -> None:
    """Without an entry there is no file: the requester is refused."""
    with pytest.raises(Refused, match="no audit entry"):
        AuditExporter(audit, None, uploads).send(order(ANY))
    assert _files(slack) == []


def test_too_much_for_slack(
    audit: Audit, client: Redis, slack: LocalSlack, uploads: DirectMessageUploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest are sent, and it is said that there are more, and where."""
    monkeypatch.setattr(audit_export, "MAX_ENTRIES", 5)
    write(client, 12)
    what = AuditExporter(audit, None, uploads).send(order(ANY))
    assert what.startswith("the newest 5 of 12 audit entries of every cluster")
    assert "python -m bot audit export" in what
    lines = next(content for name, content in _files(slack) if name.endswith(".jsonl")).splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [8, 9, 10, 11, 12]


@pytest.mark.parametrize("target", ["conversations.open", "files.getUploadURLExternal", "files.completeUploadExternal"])
def test_slack_refuses(
    audit: Audit, client: Redis, slack: LocalSlack, uploads: DirectMessageUploads, target: str
) -> None:
    """Whichever of the calls fails, the error says which files were for whom, and Slack's reason."""
    write(client, 2)
    slack.fault("error", target, code="missing_scope")
    with pytest.raises(Undelivered) as refused:
        AuditExporter(audit, None, uploads).send(order(ANY))
    files = "`audit-all-2026-11-01-0226.jsonl` and `audit-all-2026-11-01-0226.csv`"
    assert refused.value.happened == f"Slack did not accept the files {files} for <@U0ADA> (missing_scope)."


def _files(slack: LocalSlack) -> list[tuple[str, bytes]]:
    return [(file.name, slack.file_bytes(file.id)) for file in slack.workspace.files.everything.values()]
