"""``python -m bot audit``: verify, export and anchor, as a person at a shell has them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from bot.__main__ import main
from bot.audit import Audit
from bot.store import keys
from tests.kits.audit_log import archived, put, stored, write

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Type a command; its exit status and what it wrote to both outputs."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("SWARMBOT_CONFIG", str(tmp_path / "swarmbot.yml"))

    def typed(*words: str) -> tuple[int, str, str]:
        status = main(["audit", *words])
        written = capsys.readouterr()
        return status, written.out, written.err

    return typed


def test_an_anchor_is_taken_back(client: Redis, run: Run, tmp_path: Path) -> None:
    """What anchor prints verify accepts, as it is and in a file among other words; a cut tail is then found."""
    heads = write(client, 5)
    status, line, _ = run("anchor")
    assert (status, line) == (0, f"{heads[-1].hash}:5\n")
    assert run("verify", "--anchor", line.strip())[0] == 0
    note = tmp_path / "anchors"
    note.write_text(f"Monday\n{heads[1].hash}:2 was posted\n\nTuesday {line}")
    assert run("verify", "--anchor", str(note))[0] == 0
    put(client, stored(client)[:3])
    client.set(keys.AUDIT_HEAD, str(heads[2]))
    assert run("verify")[0] == 0
    for anchor in (line.strip(), str(note)):
        status, told, _ = run("verify", "--anchor", anchor)
        assert status == 1
        assert "First bad entry: 4, missing: an anchor was taken when there were 5" in told


def test_an_anchor_that_is_none(run: Run, tmp_path: Path) -> None:
    """A missing file and one without an anchor are distinguished."""
    status, _, told = run("verify", "--anchor", "nowhere")
    assert status == 1
    assert told.startswith("nowhere is neither an anchor nor a readable file: No such file or directory.")
    (tmp_path / "empty").touch()
    assert "contains no anchor" in run("verify", "--anchor", str(tmp_path / "empty"))[2]


def test_no_anchor_of_a_broken_log(client: Redis, run: Run) -> None:
    """Anchoring a log that was tampered with would make it right."""
    write(client, 5)
    client.xdel(keys.AUDIT_LOG, "2-0")
    status, line, told = run("anchor")
    assert (status, line) == (1, "")
    assert "First bad entry: 2" in told


def test_an_archive_that_was_not_looked_at(audit: Audit, client: Redis, run: Run, tmp_path: Path) -> None:
    """Without the archive, verify says what it did not see and does not succeed; swarmbot.yml says where it is."""
    write(client, 12)
    archived(audit, tmp_path / "archive", 8)
    status, told, _ = run("verify")
    assert status == 1
    assert "Not verified: entries 1 to 8" in told
    status, told, _ = run("verify", "--archive", str(tmp_path / "archive"))
    assert (status, told.startswith("The audit log is valid: 12 entries")) == (0, True)
    (tmp_path / "swarmbot.yml").write_text(
        "clusters: {prod: {channel: C0PROD, hosts: {host-1: 192.0.2.1}}}\n"
        f"rules: {{administer: [U0ADA]}}\naudit: {{archive: {tmp_path / 'archive'}}}\n"
    )
    assert run("verify")[0] == 0


def test_exports(audit: Audit, client: Redis, run: Run, tmp_path: Path) -> None:
    """Both formats, oldest first, filtered, across the archive."""
    write(client, 12)
    archived(audit, tmp_path / "archive", 8)
    where = ("--archive", str(tmp_path / "archive"))
    lines = run("export", *where)[1].splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, 13))
    days = ("--since", "2026-11-05", "--until", "2026-11-05")
    table = list(csv.DictReader(io.StringIO(run("export", "--format", "csv", *days, *where)[1])))
    assert [row["seq"] for row in table] == ["5"]
    assert [json.loads(line)["seq"] for line in run("export", "--by", "U3", *where)[1].splitlines()] == [3]
    assert "I can't read soon as a time." in run("export", "--since", "soon")[2]
