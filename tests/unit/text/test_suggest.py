"""Suggestions for mistyped words, and lists in words."""

from __future__ import annotations

import pytest

from bot.text.suggest import did_you_mean, listed, nearest, similar
from tests.kits.commands import COMMANDS

HOSTS = ("host-1", "host-2", "host-3", "worker-12")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("statsu", ["status"]),
        ("STAT", ["status", "stats"]),
        ("jo", ["join", "jobs", "job"]),
        ("st", ["status", "stacks", "stack"]),
        ("in", ["incidents", "init"]),
        ("who", ["whoami"]),
        ("jod", ["job"]),
        ("wy", ["why"]),
        ("dn", ["drain"]),
        ("disc", ["disk"]),
        ("del", []),
        ("sto", []),
        ("us", []),
        ("n", []),
        ("", []),
    ],
)
def test_a_short_word_is_like_few_commands(word: str, found: list[str]) -> None:
    """What was not typed to its end is several commands; otherwise a letter too many or too few is enough."""
    assert similar(word, COMMANDS) == found


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("w2", ["worker-12"]),
        ("h2", ["host-2"]),
        ("host", ["host-1", "host-2", "host-3"]),
        ("h4", []),
        ("hst-3", ["host-3"]),
    ],
)
def test_an_abbreviation_fits_one_choice(word: str, found: list[str]) -> None:
    """With its first and its last letter; one that fits several is none."""
    assert similar(word, HOSTS) == found


def test_what_may_be_meant_is_said() -> None:
    """As it is typed, in plain text; nothing if nothing is similar."""
    assert did_you_mean("sta", ["status", "stats"], "/swarm ") == " Did you mean `/swarm status` or `/swarm stats`?"
    assert did_you_mean("we<b", ["we<b>"]) == " Did you mean `we&lt;b&gt;`?"
    assert did_you_mean("x", ["status"]) == ""


def test_the_nearest_is_spelt_alike() -> None:
    """A name that another one begins with may be one of its own."""
    assert nearest("wbe", ["web", "web-2"]) == "web"
    assert nearest("api", ["api-gateway"]) is None


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
