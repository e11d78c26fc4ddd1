"""What the tour prints: the reader of each message, names for ids, the last state of messages, masked secrets."""

from __future__ import annotations

import io
from typing import Any

from sandbox.slack.transcript import EntryKind, TranscriptEntry
from sandbox.tour.screen import TranscriptPrinter
from sandbox.tour.terminal import TerminalStyle

NAMES = {"U0ADA": "@ada", "U0CLEO": "@cleo", "U0SWARM": "@swarmbot", "C0PROD": "#prod", "S0OPS": "@ops"}
TOKEN = "SWMTKN-" + "1-2abcdefgh-ijkl"


def seen(kind: EntryKind, text: str, *, private: bool = False, ts: str = "1.0", blocks: Any = ()) -> TranscriptEntry:
    """Return an entry in #prod that only ada or everybody sees."""
    to = ("U0ADA",) if private else ("U0ADA", "U0CLEO")
    who = "U0ADA" if kind in {"typed", "clicked"} else "U0SWARM"
    return TranscriptEntry(1, 0.0, kind, who, to, private, "C0PROD", ts, text, list(blocks))


def shown(*entries: TranscriptEntry, show_secrets: bool = False, colour: bool = False) -> str:
    """Return the printed text."""
    return "\n".join(
        TranscriptPrinter(NAMES, TerminalStyle(colour=colour, width=80), show_secrets=show_secrets).lines(entries)
    )


def test_private_messages_name_their_reader() -> None:
    """A private message names its reader; a public message names the channel."""
    assert "only ada sees" in shown(seen("posted", "x", private=True))
    assert "everybody in #prod sees" in shown(seen("posted", "x"))


def test_typed_text_has_channel_and_name() -> None:
    """Typed text is shown with channel and name, without Slack's ids."""
    assert shown(seen("typed", "/swarm status", private=True)) == "    #prod  ada  /swarm status"


def test_a_message_is_shown_once_in_its_last_state() -> None:
    """Edits are counted but not shown."""
    text = shown(seen("posted", "begun"), seen("edited", "half"), seen("edited", "done"))
    assert "done" in text
    assert "begun" not in text
    assert "half" not in text
    assert "after 2 edits while it ran" in text


def test_a_deleted_message_is_not_shown() -> None:
    """Its text is not printed."""
    text = shown(seen("posted", "words", private=True), seen("deleted", "words", private=True))
    assert "deleted from ada's screen" in text
    assert "words" not in text


def test_ids_dates_and_entities_are_translated() -> None:
    """Mentions become names, dates their fallback, entities their characters."""
    text = shown(seen("posted", "<@U0CLEO> of <!subteam^S0OPS> in <#C0PROD> at <!date^1^{time}|noon>: a &lt; b"))
    assert "@cleo of @ops in #prod at noon: a < b" in text


def test_secrets_are_masked_unless_requested() -> None:
    """Only four characters of a token are shown; with show_secrets the whole token is shown."""
    entry = seen("posted", f"Run: ```docker swarm join --token {TOKEN} 192.0.2.1:2377```", private=True)
    assert "SWMTKN-1-2abc…" in shown(entry)
    assert TOKEN not in shown(entry)
    assert f"--token {TOKEN} 192.0.2.1:2377" in shown(entry, show_secrets=True)


def test_tables_have_columns_and_lines_fit() -> None:
    """The cells of a table are aligned; long text is broken between words."""
    rows = [[{"type": "raw_text", "text": cell} for cell in row] for row in (("node", "role"), ("host-10", "worker"))]
    text = shown(seen("posted", "", blocks=[{"type": "table", "rows": rows}]))
    assert "node      role" in text
    assert "host-10   worker" in text
    lines = shown(seen("posted", "word " * 100)).splitlines()
    assert len(lines) > 5
    assert max(map(len, lines)) <= 80


def test_columns_of_output_stay_aligned_and_fit() -> None:
    """Gaps shrink to two characters in all rows; lines that are too wide end with an ellipsis."""
    said = "ID       HOST     STATUS\nabc      host-1   Ready\nx y      host-22"
    fitted = list(TerminalStyle(colour=False, width=80).fit_columns(said, 6))
    assert fitted == ["ID   HOST     STATUS", "abc  host-1   Ready", "x y  host-22"]
    assert next(TerminalStyle(colour=False, width=16).fit_columns(said, 6)) == "ID   HOST…"


def test_only_terminals_get_bold_and_colour() -> None:
    """Stars become bold with colour and are removed without; a file gets no escape codes."""
    entry = seen("posted", "*prod is healthy* · 3 managers")
    assert "prod is healthy · 3" in shown(entry)
    assert "\x1b[1mprod\x1b[0m" in shown(entry, colour=True)
    assert TerminalStyle.of(io.StringIO()).colour is False
