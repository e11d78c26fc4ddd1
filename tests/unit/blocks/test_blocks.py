"""Messages keep Slack's limits for any input, and contain secrets without showing them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot import blocks
from bot.blocks.message import holds_secret
from bot.blocks.table import one_table, without_tables
from bot.errors import Failed, NotUnderstood, Refused, SwarmbotError
from bot.secrets.secret import Secret
from bot.stored_json import from_json, to_json

TOKEN = Secret("SWMTKN-1-abc")


def texts(part: Any) -> list[str]:
    """Return every text in a tree of blocks, in order."""
    if isinstance(part, dict):
        return [text for value in part.values() for text in texts(value)]
    if isinstance(part, list | tuple):
        return [text for value in part for text in texts(value)]
    return [part] if isinstance(part, str) else []


def test_outside_text_makes_no_mention() -> None:
    """A name that looks like a broadcast is shown as it is; backticks cannot close ours."""
    assert blocks.escape("<!channel> & co") == "&lt;!channel&gt; &amp; co"
    assert blocks.tick("a`<!here>") == "`a&lt;!here&gt;`"


def test_groups_and_people_are_mentioned_differently() -> None:
    """Slack has one form for a user and another for a user group."""
    assert blocks.user("U1") == "<@U1>"
    assert blocks.user("S1") == "<!subteam^S1>"


def test_long_section_counts_what_it_leaves_out() -> None:
    """The limit is 3000 characters, including the number of those left out."""
    block = blocks.section("word " * 1000)
    text = block["text"]["text"]
    assert len(text) <= 3000
    assert text.endswith("characters left out)")


def test_paragraphs_do_not_break_lines() -> None:
    """Lines are packed into sections whole."""
    lines = [f"{number:03d} " + "x" * 96 for number in range(100)]
    made = blocks.paragraphs(lines)
    assert [line for block in made for line in block["text"]["text"].split("\n")] == lines
    assert all(len(block["text"]["text"]) <= 3000 for block in made)


def test_empty_text_is_replaced_by_a_dash() -> None:
    """Slack refuses an empty text."""
    made = [blocks.section(""), blocks.header(""), blocks.context(""), blocks.code("")]
    assert all(text for block in made for text in texts(block))


def test_fields_beyond_ten_are_counted() -> None:
    """The tenth field counts the rest."""
    made = blocks.fields([(str(number), "v") for number in range(12)])["fields"]
    assert len(made) == 10
    assert made[-1]["text"] == "and 3 more left out"


def test_context_beyond_ten_pieces_is_joined() -> None:
    """No piece of a context is lost."""
    made = blocks.context(*map(str, range(15)))["elements"]
    assert len(made) == 10
    assert made[-1]["text"] == "9 · 10 · 11 · 12 · 13 · 14"


def test_repeated_action_id_gets_a_number() -> None:
    """Slack requires unique action_ids in a block."""
    row = blocks.actions(*(blocks.button("Retry", "retry", str(number)) for number in range(3)))
    assert [element["action_id"] for element in row["elements"]] == ["retry", "retry#2", "retry#3"]


def test_button_over_the_limits_is_an_error() -> None:
    """A cut value would have another meaning."""
    with pytest.raises(ValueError, match="does not fit"):
        blocks.button("Retry", "retry", "v" * 2001)


def test_message_over_fifty_blocks_keeps_its_buttons() -> None:
    """At most 50 blocks; the rest is counted, and the last row of buttons stays."""
    row = blocks.actions(blocks.button("Retry", "retry"))
    fitted = blocks.fit(blocks.Message("x", [*[blocks.section("line")] * 80, row]))
    assert len(fitted.blocks) == 50
    assert fitted.blocks[-1] == row
    assert fitted.blocks[-2]["elements"][0]["text"].startswith("32 more parts are left out")
    assert blocks.fit(fitted) == fitted


def test_secret_is_not_printed_or_stored() -> None:
    """A message with a token can be logged, and cannot be stored."""
    message = blocks.Message("Run this.", [blocks.code("docker swarm join --token ", TOKEN, " 192.0.2.1:2377")])
    assert "SWMTKN" not in repr(message)
    assert "***" in repr(message)
    assert holds_secret(message.blocks)
    with pytest.raises(ValueError, match="Secret"):
        to_json(message)
    with pytest.raises(TypeError):
        json.dumps(message.blocks)


def test_message_without_secrets_is_stored() -> None:
    """Storage keeps both renderings."""
    message = blocks.progress("*joins*", [blocks.Line(blocks.DONE, "`host-3` joined")])
    again = from_json(blocks.Message, to_json(message))
    assert again == message


def test_code_cannot_be_closed_from_inside() -> None:
    """A fence in the text does not end the block."""
    assert blocks.code("a```b")["text"]["text"] == "```a'''b```"


def test_card_shows_each_state_in_both_renderings() -> None:
    """The plan has Slack's states, the older rendering our signs; titles are plain text. A warning is no task."""
    signs: list[blocks.Sign] = [blocks.DONE, blocks.RUNNING, blocks.WAITING, blocks.WARNING, blocks.FAILED]
    card = blocks.progress("*U1 joins*", [blocks.Line(sign, "`host-3` is &lt;up&gt;") for sign in signs], "`k7f3`")
    plan = card.blocks[1]
    assert plan["title"] == "1 of 4 done, 1 failed"
    assert [task["status"] for task in plan["tasks"]] == ["complete", "in_progress", "pending", "error"]
    assert plan["tasks"][0]["title"] == "host-3 is \u2039up\u203a"
    assert card.blocks[2]["text"]["text"] == "! `host-3` is &lt;up&gt;"
    only = blocks.progress("t", [blocks.Line(blocks.WARNING, "`web` stays.")])
    assert [block["type"] for block in only.blocks] == ["section", "section"]
    assert card.plain[1]["text"]["text"].splitlines() == [f"{sign} `host-3` is &lt;up&gt;" for sign in signs]


def test_long_card_keeps_failed_and_running_lines() -> None:
    """Then the next to run. The rest is counted by state, and it says where it is."""
    many = [blocks.Line(blocks.DONE, "a")] * 50 + [blocks.Line(blocks.FAILED, "b"), blocks.Line(blocks.RUNNING, "c")]
    many += [blocks.Line(blocks.WAITING, f"d{number}") for number in range(60)]
    card = blocks.progress("t", many, rest="elsewhere")
    shown = [(task["status"], task["title"]) for task in card.blocks[1]["tasks"]]
    assert shown == [("error", "b"), ("in_progress", "c"), *(("pending", f"d{number}") for number in range(6))]
    assert card.blocks[1]["title"] == "50 of 112 done, 1 failed"
    assert card.blocks[2]["elements"][0]["text"] == "and 50 more done, 54 more waiting: elsewhere"
    assert len(card.plain[1]["text"]["text"].splitlines()) == 8


def test_long_card_has_room_for_what_runs_beside_warnings() -> None:
    """At most four warnings are shown, and of the finished steps the last one."""
    many = [blocks.Line(blocks.WARNING, f"w{number}") for number in range(9)]
    many += [blocks.Line(blocks.DONE, f"a{number}", 100.0, 100.0 + number) for number in range(9)]
    card = blocks.progress("t", [*many, blocks.Line(blocks.RUNNING, "c")])
    assert [task["title"] for task in card.blocks[1]["tasks"]] == ["a6", "a7", "a8", "c"]
    assert card.blocks[2]["text"]["text"].splitlines() == ["! w0", "! w1", "! w2", "! w3"]
    assert card.blocks[3]["elements"][0]["text"] == "and 6 more done, 5 more warnings"
    only = blocks.progress("t", [*many[:9], blocks.Line(blocks.WARNING, "w9")])
    assert len(only.blocks[1]["text"]["text"].splitlines()) == 8
    assert only.blocks[2]["elements"][0]["text"] == "and 2 more warnings"
    assert len(blocks.progress("t", many[:9]).blocks[1]["text"]["text"].splitlines()) == 9


def test_a_step_says_when_it_began_and_how_long_it_took() -> None:
    """In each reader's time zone. A finding has no time, and what runs has not taken any yet."""
    step = blocks.Line(blocks.DONE, "`host-3` joined", 1_800_000_000.0, 1_800_000_002.34)
    assert step.timed == "✓ `host-3` joined · <!date^1800000000^{time_secs}|08:00:00 UTC> · 2.3\u00a0s"
    assert replace(step, ended=0.0).timed == "✓ `host-3` joined · <!date^1800000000^{time_secs}|08:00:00 UTC>"
    assert replace(step, began=0.0).timed == "✓ `host-3` joined"


def test_long_line_is_complete_in_its_details() -> None:
    """A task's title is short; the details continue where it ends, so that no word is there twice."""
    line = "why " * 60
    task = blocks.progress("t", [blocks.Line(blocks.FAILED, line)]).blocks[1]["tasks"][0]
    [rest] = [text for text in texts(task["details"]) if text.startswith("…")]
    assert len(task["title"]) <= 150
    assert task["title"].removesuffix("…") + rest.removeprefix("…") == line.strip()


def test_narrow_table_is_monospaced_text() -> None:
    """A table that fits a phone keeps its columns."""
    message = blocks.Message("nodes", [blocks.table(["node", "role"], [["host-1", "manager"], ["<b>", ""]])])
    (block,) = without_tables(message)
    assert block["text"]["text"] == "```node    role\nhost-1  manager\n&lt;b&gt;     -```"


def test_wide_table_becomes_lines() -> None:
    """Other tables become one line for each row, with the columns' names."""
    message = blocks.Message("nodes", [blocks.table(["node", "where", "state"], [["host-1", "x" * 40, "ready"]])])
    (block,) = without_tables(message)
    assert block["text"]["text"] == f"`host-1` · where {'x' * 40} · state ready"


def test_table_keeps_its_limits() -> None:
    """100 rows, 20 columns, 10,000 characters; the rest is counted."""
    made = blocks.table(["c"] * 30, [["x" * 50] * 30 for _ in range(300)])
    assert len(made["rows"]) <= 100
    assert {len(row) for row in made["rows"]} == {20}
    assert sum(len(cell["text"]) for row in made["rows"] for cell in row) <= 10_000
    assert made["rows"][-1][0]["text"] == "and 291 more left out"


def test_a_data_table_has_a_row() -> None:
    """Slack refuses one without, so it is a table then."""
    assert blocks.data_table("Nodes", ["node"], [["host-1"]])["type"] == "data_table"
    assert blocks.data_table("Nodes", ["node"], []) == blocks.table(["node"], [])


@pytest.mark.parametrize("first", [blocks.table(["a"], [["1"]]), blocks.data_table("A", ["a"], [["1"]])])
def test_one_table_in_a_message(first: blocks.Block) -> None:
    """A second table is written as text."""
    made = one_table([first, blocks.table(["b"], [["2"]])])
    assert [block["type"] for block in made] == [first["type"], "section"]


@pytest.mark.parametrize("error", [Refused, Failed, NotUnderstood])
def test_the_words_of_another_program_end_with_a_full_stop(error: type[SwarmbotError]) -> None:
    """So the state now does not run into them."""
    told = blocks.error_message(error("Docker does not accept it: no key replica", true_now="Nothing was changed."))
    assert "no key replica. " in told.text
    assert "no key replica.. " not in blocks.error_message(error("No key replica.", true_now="So.")).text


def test_error_messages() -> None:
    """Refused, not understood and failed each have their form."""
    refused = blocks.error_message(Refused("promoting in prod is for admins.", next_step="Ask one of them."))
    assert refused.text == "Refused: promoting in prod is for admins. Ask one of them."
    unknown = blocks.error_message(
        NotUnderstood("Unknown command `statsu`.", next_step="`/swarm help` lists all commands.")
    )
    assert unknown.text == "Unknown command `statsu`. `/swarm help` lists all commands."
    failed = blocks.error_message(
        Failed("it did not answer.", true_now="Nothing was changed.", next_step="Retry."),
        "*host-4 did not join prod*",
        blocks.button("Retry", "retry", "k7f3"),
    )
    assert failed.blocks[0]["text"]["text"].splitlines() == [
        "✗ *host-4 did not join prod*",
        "It did not answer.",
        "State now: nothing was changed.",
        "Next: Retry.",
    ]
    assert failed.blocks[1]["type"] == "actions"
