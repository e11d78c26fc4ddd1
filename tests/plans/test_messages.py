"""Each message of each case: Slack takes its blocks of every age, and its text says what it is about."""

from __future__ import annotations

from typing import Final

import pytest

from bot.blocks import Message
from bot.slack.outbound.payload import payloads
from sandbox.slack.faults import Faults
from sandbox.slack.validate import check_message_blocks
from tests.kits.hostile_text import markup_of
from tests.plans.files import FILES, described
from tests.plans.messages import messages

MIN_TEXT_WORDS: Final = 2
MAX_TEXT_CHARS: Final = 1500
"""A notification shows some hundred characters; an error is shown in full."""


@pytest.mark.parametrize("file", FILES)
def test_each_message_is_taken_and_has_a_text(file: str) -> None:
    """The text is what a notification and a screen reader say: some words, no rows of a table, and no open mark."""
    content = FILES[file]
    for case in content["cases"].values():
        words = str(case["words"])
        for message in messages(described(content.get("given", {}), case), words):
            for _, sent in payloads(message, "newest"):
                check_message_blocks(sent.get("blocks", []), Faults())
            assert len(message.text.split()) >= MIN_TEXT_WORDS, f"{words}: {message.text!r}"
            assert len(message.text) <= MAX_TEXT_CHARS, words
            marks = markup_of(Message(message.text)).marks
            assert marks["*"] % 2 == marks["`"] % 2 == 0, message.text
