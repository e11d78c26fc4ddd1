"""README.md, the guide and the manifest say what the code does."""

from __future__ import annotations

import re

import pytest

from bot.commands import Vocabulary, meant_command, permission_text, read_arguments, read_options, read_sentence
from bot.generate import BEGIN, END, ROOT, Document, documents
from bot.settings import Settings
from tests.kits.commands import COMMANDS

README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs/guide.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", documents(COMMANDS), ids=lambda document: document.path.name)
def test_generated_parts_are_as_the_commands_declare(document: Document) -> None:
    """`python -m bot.generate` would change nothing."""
    assert document.path.read_text(encoding="utf-8") == document.text, "run python -m bot.generate"


def test_every_command_has_its_row() -> None:
    """The table has each command once, as people type it, in a cell of its own."""
    table = README.partition(BEGIN)[2].partition(END)[0]
    rows = [line for line in table.splitlines() if line.startswith("| `/swarm ")]
    assert sorted(re.findall(r"^\| `/swarm ([\w-]+)", table, re.MULTILINE)) == sorted(
        command.word for command in COMMANDS.values()
    )
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)


def test_greater_rights_of_some_words_are_told() -> None:
    """A manager joins, and a token is rotated, by administrators alone; a question has one right."""
    assert permission_text(COMMANDS["join"]) == "operate; `manager`: administer"
    assert "`--rotate`: administer" in permission_text(COMMANDS["token"])
    assert permission_text(COMMANDS["status"]) == "view"


def test_the_variables_are_those_that_are_read() -> None:
    """Each variable of the table is a setting and each setting has its row."""
    told = set(re.findall(r"^ *\| `([A-Z_]+)` \|", README, re.MULTILINE))
    fields = {name.upper() for name in Settings.__slots__}
    assert told == {{"CONFIG_PATH": "SWARMBOT_CONFIG"}.get(name, name) for name in fields - {"SLACK_API_URL"}}


def test_what_the_guide_tells_to_type_is_understood() -> None:
    """Each order in the guide's table is read as people would type it."""
    section = GUIDE.partition("## What to type when")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    orders = [order for row in rows for order in re.findall(r"`([^`]+)`", row.rpartition(" | ")[2])]
    assert len(orders) > len(rows)
    vocabulary = Vocabulary("prod", tuple(f"host-{number}" for number in range(1, 7)), tuple(COMMANDS))
    for order in orders:
        sentence = read_sentence(order)
        command = meant_command(COMMANDS, sentence, vocabulary)
        if len(sentence.words) or not any(parameter.required for parameter in command.parameters):
            _, words = read_options(command, sentence.words)
            read_arguments(command, words, vocabulary)


@pytest.mark.parametrize("name", ["README.md", "docs/guide.md", "docs/security.md", "docs/operations.md"])
def test_links_lead_somewhere(name: str) -> None:
    """Every link to a file of this repository finds it."""
    page = ROOT / name
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).is_file(), f"{name} → {target}"
