"""The lines of ``/swarm audit``: who, what, outcome, on a phone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.blocks import limits
from bot.model.records import AuditPage, EntryRecord, PersonPermissions, Records
from handlers.audit import AuditArguments, audit
from tests.kits.commands import record_answer

EMPTY = Records(
    at=0.0, cluster="prod", clusters=("prod",), permissions=PersonPermissions("U0ADA", (), (), ()), workers=1
)
DIGEST = "9c41e0" + "ab" * 29


def entry(action: str, by: str = "vm-12", detail: str = "", words: str = "promote host-3") -> EntryRecord:
    """An entry of job k7f3."""
    return EntryRecord(7, 1_793_500_000.0, action, by, "prod", words, "k7f3", detail)


def line(record: EntryRecord, cluster: str = "prod") -> str:
    """The line of an entry without its time."""
    shown = record_answer(audit, replace(EMPTY, cluster=cluster, entries=(record,)), AuditArguments())
    text: str = shown.blocks[0]["text"]["text"].split("\n")[1]
    sign, _, rest = text.partition(" <!date")
    return f"{sign} {rest.partition('> ')[2]}"


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (
            entry("asked", "U0ADA", "host-1 retires"),
            "· <@U0ADA> requested `/swarm promote host-3` · `k7f3`: host-1 retires",
        ),
        (
            entry("refused", "U0EVE", "for admins"),
            "✗ <@U0EVE> was refused `/swarm promote host-3` · `k7f3`: for admins",
        ),
        (entry("planned", detail="promote host-3"), "· planned · `k7f3`: promote host-3"),
        (
            entry("approval asked", detail=f"1 of admins; plan {DIGEST}"),
            "· `/swarm promote host-3` waits for approval · `k7f3`: 1 of admins; plan 9c41e0",
        ),
        (
            entry("shown", detail=f"the card of plan {DIGEST}"),
            "· approval card shown · `k7f3`: the card of plan 9c41e0",
        ),
        (entry("approved by one", "U0CLEO", "1 of 2"), "✓ <@U0CLEO> approved · `k7f3`: 1 of 2"),
        (entry("vote refused", "U0ADA", "own"), "! <@U0ADA>'s vote did not count · `k7f3`: own"),
        (entry("approved", "U0DAN", "plan x"), "✓ approved, last by <@U0DAN> · `k7f3`: plan x"),
        (
            entry("denied", "U0CLEO", "not <now>"),
            "✗ <@U0CLEO> denied `/swarm promote host-3` · `k7f3`: not &lt;now&gt;",
        ),
        (entry("withdrawn", "U0ADA"), "✗ <@U0ADA> withdrew `/swarm promote host-3` · `k7f3`"),
        (entry("expired", detail="0 of 1"), "✗ approval expired · `k7f3`: 0 of 1"),
        (entry("void", detail="host-2 is gone"), "! approval void · `k7f3`: host-2 is gone"),
        (entry("started", detail="plan holds"), "▸ started · `k7f3`: plan holds"),
        (entry("step", detail="done: host-3 promoted"), "✓ step · `k7f3`: done: host-3 promoted"),
        (entry("step", detail="failed: no quorum"), "✗ step · `k7f3`: failed: no quorum"),
        (entry("ended", detail="succeeded: promoted"), "✓ finished · `k7f3`: succeeded: promoted"),
        (entry("ended", detail="failed: lost"), "✗ finished · `k7f3`: failed: lost"),
        (entry("ended", detail="failed: dial &lt;x&gt;"), "✗ finished · `k7f3`: failed: dial &lt;x&gt;"),
        (entry("told secret", detail="worker token to U0ADA"), "! secret shown · `k7f3`: worker token to <@U0ADA>"),
        (entry("told secret", detail="UDP is no one"), "! secret shown · `k7f3`: UDP is no one"),
        (entry("cancelled", "U0ADA"), "✗ <@U0ADA> cancelled `/swarm promote host-3` · `k7f3`"),
        (entry("froze", "U0ADA", "weekend"), "! <@U0ADA> froze prod · `k7f3`: weekend"),
        (entry("thawed", "U0ADA"), "! <@U0ADA> thawed prod · `k7f3`"),
        (entry("sang {who}", "U0ADA", words=""), "· <@U0ADA> *sang who* · `k7f3`"),
    ],
    ids=lambda value: value.action if isinstance(value, EntryRecord) else "",
)
def test_a_line_says_who_what_and_outcome(record: EntryRecord, shown: str) -> None:
    """Each action reads as a sentence; text from outside is escaped; digests are short."""
    assert line(record) == shown


def test_of_every_cluster() -> None:
    """Where all clusters are shown, each line says whose it is."""
    assert line(entry("started"), cluster="").endswith("started · `k7f3` · prod")


def test_long_details_are_cut() -> None:
    """A reason of 2,000 characters leaves room for the other lines, and no digest of it is split open."""
    shown = line(entry("denied", "U0CLEO", "no " * 700))
    assert len(shown) < 220
    assert shown.endswith("…")


def test_a_full_page_keeps_slacks_limits() -> None:
    """Forty of the longest lines fit with both buttons, which carry the page's id alone."""
    longest = entry("denied", "U0CLEO", "<&>" * 700, words="x" * 3000)
    page = AuditPage("page-id", older=True, newer=True)
    shown = record_answer(audit, replace(EMPTY, entries=(longest,) * 40, page=page), AuditArguments())
    assert len(shown.blocks) <= limits.MAX_BLOCKS
    assert all(len(block["text"]["text"]) <= limits.SECTION_CHARS for block in shown.blocks[:-1])
    buttons = shown.blocks[-1]["elements"]
    assert [(button["action_id"], button["value"]) for button in buttons] == [
        ("audit.older", "page-id"),
        ("audit.newer", "page-id"),
    ]


def test_no_entry() -> None:
    """A filter that finds nothing is answered."""
    assert record_answer(audit, EMPTY, AuditArguments()).text.startswith("No audit entry")
