"""What the tour prints: whose eyes, names for ids, the end of a message and not its edits, secrets cut short."""

from __future__ import annotations

import io
from typing import Any

from sandbox.slack.transcript import Happening, Seen
from sandbox.tour.ink import Ink
from sandbox.tour.screen import Screen

NAMES = {"U0ADA": "@ada", "U0CLEO": "@cleo", "U0SWARM": "@swarmbot", "C0PROD": "#prod", "S0OPS": "@ops"}
TOKEN = "SWMTKN-" + "1-2abcdefgh-ijkl"


def seen(kind: Happening, text: str, *, private: bool = False, ts: str = "1.0", blocks: Any = ()) -> Seen:
    """One happening in #prod, before ada's eyes alone or everybody's."""
    to = ("U0ADA",) if private else ("U0ADA", "U0CLEO")
    who = "U0ADA" if kind in {"typed", "clicked"} else "U0SWARM"
    return Seen(1, 0.0, kind, who, to, private, "C0PROD", ts, text, list(blocks))


def shown(*entries: Seen, whole: bool = False, colour: bool = False) -> str:
    """What is printed."""
    return "\n".join(Screen(NAMES, Ink(colour=colour, width=80), whole=whole).lines(entries))


def test_private_messages_say_whose_they_are() -> None:
    """A private message names its reader; a public one says that everybody sees it."""
    assert "only ada sees" in shown(seen("posted", "x", private=True))
    assert "everybody in #prod sees" in shown(seen("posted", "x"))


def test_who_typed_what() -> None:
    """Typed words stand with channel and name, without Slack's ids."""
    assert shown(seen("typed", "/swarm status", private=True)) == "    #prod  ada  /swarm status"


def test_a_message_is_shown_once_as_it_is_in_the_end() -> None:
    """Edits are counted, not shown."""
    text = shown(seen("posted", "begun"), seen("edited", "half"), seen("edited", "done"))
    assert "done" in text
    assert "begun" not in text
    assert "half" not in text
    assert "after 2 edits while it ran" in text


def test_a_deleted_message_is_gone() -> None:
    """Its words are not printed."""
    text = shown(seen("posted", "words", private=True), seen("deleted", "words", private=True))
    assert "gone from ada's screen" in text
    assert "words" not in text


def test_ids_dates_and_entities_are_read_as_slack_shows_them() -> None:
    """Mentions become names, a date its fallback, entities their characters."""
    text = shown(seen("posted", "<@U0CLEO> of <!subteam^S0OPS> in <#C0PROD> at <!date^1^{time}|noon>: a &lt; b"))
    assert "@cleo of @ops in #prod at noon: a < b" in text


def test_secrets_are_cut_short_unless_asked_for_whole() -> None:
    """Four characters of a token are left; by hand the asker sees what Slack would show."""
    entry = seen("posted", f"Run: ```docker swarm join --token {TOKEN} 192.0.2.1:2377```", private=True)
    assert "SWMTKN-1-2abc…" in shown(entry)
    assert TOKEN not in shown(entry)
    assert f"--token {TOKEN} 192.0.2.1:2377" in shown(entry, whole=True)


def test_tables_have_columns_and_lines_fit() -> None:
    """A table's cells are aligned; long text is broken between words."""
    rows = [[{"type": "raw_text", "text": cell} for cell in row] for row in (("node", "role"), ("host-10", "worker"))]
    text = shown(seen("posted", "", blocks=[{"type": "table", "rows": rows}]))
    assert "node      role" in text
    assert "host-10   worker" in text
    lines = shown(seen("posted", "word " * 100)).splitlines()
    assert len(lines) > 5
    assert max(map(len, lines)) <= 80


def test_a_commands_columns_keep_in_line_and_fit() -> None:
    """Gaps shrink to two characters, the same in every row; what is too wide is cut where it can be seen."""
    said = "ID       HOST     STATUS\nabc      host-1   Ready\nx y      host-22"
    fitted = list(Ink(colour=False, width=80).fitted(said, 6))
    assert fitted == ["ID   HOST     STATUS", "abc  host-1   Ready", "x y  host-22"]
    assert next(Ink(colour=False, width=16).fitted(said, 6)) == "ID   HOST…"


def test_bold_and_colour_are_for_terminals_alone() -> None:
    """Stars become bold with colour, and vanish without; a file gets no escape codes."""
    entry = seen("posted", "*prod is healthy* · 3 managers")
    assert "prod is healthy · 3" in shown(entry)
    assert "\x1b[1mprod\x1b[0m" in shown(entry, colour=True)
    assert Ink.of(io.StringIO()).colour is False
