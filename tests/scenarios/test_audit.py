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
from tests.kits.scenario import Scenario


def page(scenario: Scenario, button: str) -> TranscriptEntry:
    """Press a button under ada's newest audit answer and return the new message."""
    after = scenario.now
    scenario.slack.click("ada", scenario.slack.ephemerals("ada")[-1], button)
    return scenario.answer("ada", after)


def test_the_audit_log_shows_requests_and_refusals(scenario: Scenario) -> None:
    """Each request and each refusal has an entry with person, command and outcome; filters select entries."""
    scenario.ask("eve", "join worker host-3")
    scenario.ask("ada", "jobs")
    scenario.ask("cleo", "jobs", channel="lab")
    told = scenario.ask("ada", "audit")
    assert "<@U0EVE> was refused `/swarm join worker host-3`" in told
    assert "requested `/swarm jobs`" not in told
    told = scenario.ask("ada", "audit --all")
    assert "<@U0EVE> was refused `/swarm join worker host-3`" in told
    assert "<@U0ADA> requested `/swarm jobs`" in told
    assert "U0CLEO" not in told
    mine = scenario.ask("ada", "audit --by @ada --all")
    assert "<@U0ADA> requested `/swarm jobs`" in mine
    assert "U0EVE" not in mine
    named = scenario.ask("ada", "audit --node host-3")
    assert "<@U0EVE> was refused" in named
    assert "requested `/swarm jobs`" not in named
    everywhere = scenario.ask("ada", "audit --cluster all --command jobs")
    assert "<@U0CLEO> requested `/swarm jobs` · lab" in everywhere
    assert scenario.ask("ada", "audit --until 1d").startswith("No audit entry")
    assert "I can't read `soon` as a time." in scenario.ask("ada", "audit --since soon")


def test_pages_replace_the_message(scenario: Scenario) -> None:
    """Older and Newer replace the message and keep the filter; a page that has expired says so."""
    for _ in range(7):
        scenario.ask("eve", "init host-1")
    first = scenario.ask("ada", "audit --by @eve --last 3")
    shown = len(scenario.slack.ephemerals("ada"))
    assert "entries 7 to 5" in first
    assert "Newer" not in first
    older = page(scenario, "Older")
    assert "entries 4 to 2" in older.text
    assert older.kind == "edited"
    assert "entry 1" in page(scenario, "Older").text
    assert "entries 4 to 2" in page(scenario, "Newer").text
    assert len(scenario.slack.ephemerals("ada")) == shown
    with connect(Secret(scenario.deployment.redis_url)) as redis:
        for key in redis.scan_iter(keys.audit_page("*")):
            redis.delete(key)
    assert "This page has expired" in page(scenario, "Older").text


def test_only_the_requester_gets_an_export(scenario: Scenario) -> None:
    """`--export` sends JSON Lines and CSV in a direct message, and the audit log records the export."""
    for _ in range(3):
        scenario.ask("eve", "init host-1")
    before = set(scenario.slack.workspace.files.everything)
    after = scenario.now
    scenario.slack.slash("ada", "prod", "audit --by @eve --export")
    scenario.see("ada", "3 audit entries of prod", after=after)
    files = [file for key, file in scenario.slack.workspace.files.everything.items() if key not in before]
    content = {file.name.rpartition(".")[2]: scenario.slack.file_bytes(file.id).decode("utf-8-sig") for file in files}
    assert [json.loads(line)["by"] for line in content["jsonl"].splitlines()] == ["U0EVE"] * 3
    assert [row["action"] for row in csv.DictReader(io.StringIO(content["csv"], newline=""))] == ["refused"] * 3
    assert [scenario.slack.file_seen_by(file.id) for file in files] == [["ada"], ["ada"]]
    scenario.quiet()
    with connect(Secret(scenario.deployment.redis_url)) as redis:
        newest = Audit(redis).query(count=1)[0]
        assert Audit(redis).verify().ok
    assert (newest.action, newest.detail) == ("ended", "succeeded: 3 audit entries of prod")


def test_a_failed_export_is_reported(scenario: Scenario) -> None:
    """The requester sees that Slack refused a file, or that there is nothing to export."""
    assert "no audit entry matches" in scenario.ask("ada", "audit --until 1d --export")
    scenario.slack.fault("error", "files.getUploadURLExternal", code="storage_limit_reached")
    assert "storage_limit_reached" in scenario.ask("ada", "audit --export")
