"""Lists in words."""

from __future__ import annotations

import pytest

from bot.text.suggest import listed


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and 1 more"),
        ([*"abcde"], "a, b and 3 more"),
    ],
)
def test_a_list_tells_how_many_words_are_beyond_its_limit(words: list[str], text: str) -> None:
    """Up to the limit all are there."""
    assert listed(words, limit=2) == text
