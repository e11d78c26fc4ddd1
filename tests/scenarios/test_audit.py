"""`/swarm audit`: entries, filters, pages with buttons, and private exports."""

from __future__ import annotations

import csv
import io
import json

from bot.audit import Audit
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from sandbox.slack.transcript import TranscriptEntry
from tests.kits.scenario import Play


def page(play: Play, button: str) -> TranscriptEntry:
    """Press a button under ada's newest audit answer and return the new message."""
    after = play.now
    play.slack.click("ada", play.slack.ephemerals("ada")[-1], button)
    return play.answer("ada", after)


def test_the_audit_log_shows_requests_and_refusals(play: Play) -> None:
    """Each request and each refusal has an entry with person, command and outcome; filters select entries."""
    play.ask("eve", "join worker host-3")
    play.ask("ada", "jobs")
    play.ask("cleo", "jobs", channel="lab")
    told = play.ask("ada", "audit")
    assert "<@U0EVE> was refused `/swarm join worker host-3`" in told
    assert "<@U0ADA> requested `/swarm jobs`" in told
    assert "U0CLEO" not in told
    mine = play.ask("ada", "audit --by @ada")
    assert "<@U0ADA> requested `/swarm jobs`" in mine
    assert "U0EVE" not in mine
    named = play.ask("ada", "audit --node host-3")
    assert "<@U0EVE> was refused" in named
    assert "requested `/swarm jobs`" not in named
    everywhere = play.ask("ada", "audit --cluster all --command jobs")
    assert "<@U0CLEO> requested `/swarm jobs` · lab" in everywhere
    assert play.ask("ada", "audit --until 1d").startswith("No audit entry")
    assert "I can't read `soon` as a time." in play.ask("ada", "audit --since soon")


def test_pages_replace_the_message(play: Play) -> None:
    """Older and Newer replace the message and keep the filter; a page that has expired says so."""
    for _ in range(7):
        play.ask("eve", "init host-1")
    first = play.ask("ada", "audit --by @eve --last 3")
    shown = len(play.slack.ephemerals("ada"))
    assert "entries 7 to 5" in first
    assert "Newer" not in first
    older = page(play, "Older")
    assert "entries 4 to 2" in older.text
    assert older.kind == "edited"
    assert "entry 1" in page(play, "Older").text
    assert "entries 4 to 2" in page(play, "Newer").text
    assert len(play.slack.ephemerals("ada")) == shown
    with connect(Secret(play.stage.redis_url)) as redis:
        for key in redis.scan_iter(keys.audit_page("*")):
            redis.delete(key)
    assert "This page has expired" in page(play, "Older").text


def test_only_the_requester_gets_an_export(play: Play) -> None:
    """`--export` sends JSON Lines and CSV in a direct message, and the audit log records the export."""
    for _ in range(3):
        play.ask("eve", "init host-1")
    before = set(play.slack.workspace.files.everything)
    after = play.now
    play.slack.slash("ada", "prod", "audit --by @eve --export")
    play.see("ada", "3 audit entries of prod", after=after)
    files = [file for key, file in play.slack.workspace.files.everything.items() if key not in before]
    content = {file.name.rpartition(".")[2]: play.slack.file_bytes(file.id).decode("utf-8-sig") for file in files}
    assert [json.loads(line)["by"] for line in content["jsonl"].splitlines()] == ["U0EVE"] * 3
    assert [row["action"] for row in csv.DictReader(io.StringIO(content["csv"], newline=""))] == ["refused"] * 3
    assert [play.slack.file_seen_by(file.id) for file in files] == [["ada"], ["ada"]]
    play.quiet()
    with connect(Secret(play.stage.redis_url)) as redis:
        newest = Audit(redis).query(count=1)[0]
        assert Audit(redis).verify().ok
    assert (newest.action, newest.detail) == ("ended", "succeeded: 3 audit entries of prod")


def test_a_failed_export_is_reported(play: Play) -> None:
    """The requester is told that Slack refused a file, or that there is nothing to export."""
    assert "no audit entry matches" in play.ask("ada", "audit --job zzzz --export")
    play.slack.fault("error", "files.getUploadURLExternal", code="storage_limit_reached")
    assert "storage_limit_reached" in play.ask("ada", "audit --export")
