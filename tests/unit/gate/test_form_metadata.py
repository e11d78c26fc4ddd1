"""What comes back with a form is not trusted to be what this version puts into it."""

from __future__ import annotations

import pytest

from bot.errors import NotUnderstood
from bot.gate.form_metadata import form_metadata


@pytest.mark.parametrize(
    "metadata", ["", "k7f3", "[]", "7", '{"job": "k7f3"}', '{"job": 7, "channel": "C1"}', "[" * 9999]
)
def test_a_form_of_another_version(metadata: str) -> None:
    """A metadata that is no JSON, or lacks a text, is explained to the person."""
    with pytest.raises(NotUnderstood, match="another version"):
        form_metadata(metadata, "job", "channel")


def test_the_subject_of_this_version() -> None:
    """The texts that were asked for are returned."""
    assert form_metadata('{"job": "k7f3", "channel": "C1", "more": 1}', "job", "channel") == {
        "job": "k7f3",
        "channel": "C1",
    }
