"""`/swarm audit` as people use it: lines, filters, pages by buttons, files to the asker alone."""

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
    """Press a button under ada's newest audit answer; that message as it is then."""
    after = play.now
    play.slack.click("ada", play.slack.ephemerals("ada")[-1], button)
    return play.answer("ada", after)


def test_who_asked_for_what(play: Play) -> None:
    """Each asking and each refusal is a line with the person, the words and the outcome; filters narrow them."""
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


def test_pages_turn_in_place(play: Play) -> None:
    """Older and Newer replace the message and keep its filter; a page that is not kept any more says so."""
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


def test_files_for_the_asker_alone(play: Play) -> None:
    """`--export` sends JSON Lines and CSV of what was asked for by direct message, and that is in the log itself."""
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


def test_an_export_that_fails_is_told(play: Play) -> None:
    """Slack refusing a file, or nothing to export, reaches the asker in words."""
    assert "no audit entry matches" in play.ask("ada", "audit --job zzzz --export")
    play.slack.fault("error", "files.getUploadURLExternal", code="storage_limit_reached")
    assert "storage_limit_reached" in play.ask("ada", "audit --export")
