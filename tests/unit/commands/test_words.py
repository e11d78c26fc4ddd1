"""From what Slack delivers to words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.words import MAX_CHARS, split
from bot.errors import NotUnderstood


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("join worker host-3", ["join", "worker", "host-3"]),
        ("  join \t worker\u00a0host-3 ", ["join", "worker", "host-3"]),
        ("", []),
        ('label "zone=a b"', ["label", "zone=a b"]),
        ("label 'zone=a b'", ["label", "zone=a b"]),
        ("label \u201czone=a b\u201d", ["label", "zone=a b"]),
        ("label \u2018zone=a b\u2019", ["label", "zone=a b"]),
        ("label \u00abzone=a b\u00bb", ["label", "zone=a b"]),
        ('empty ""', ["empty", ""]),
        ("a # b", ["a", "#", "b"]),
        ("a\\b", ["a\\b"]),
        ("token worker \u2014rotate", ["token", "worker", "--rotate"]),
        ("token worker \u2013rotate", ["token", "worker", "--rotate"]),
        ("token worker \u2013-rotate", ["token", "worker", "--rotate"]),
        ("token worker \u2013\u2013rotate", ["token", "worker", "--rotate"]),
        ("a \u2014 b", ["a", "\u2014", "b"]),
        ("join worker `host-3` `host-4`", ["join", "worker", "host-3", "host-4"]),
        ("`/swarm drain host-3`", ["/swarm", "drain", "host-3"]),
        ("a`b", ["a`b"]),
        ("drain\u202fhost\u20113\u200b", ["drain", "host-3"]),
        ("\ufeffdrain\u2003host\u22123", ["drain", "host-3"]),
        ("token worker \u2212\u2212rotate", ["token", "worker", "--rotate"]),
        ("mon\u2014day", ["mon\u2014day"]),
        ("audit --by <@U1|ada>", ["audit", "--by", "@U1"]),
        ("audit --by <@U1>", ["audit", "--by", "@U1"]),
        ("audit --by <!subteam^S1|@ops>", ["audit", "--by", "@S1"]),
        ("in <#C1|ops>", ["in", "#C1"]),
        ("join worker <http://host-3|host-3>", ["join", "worker", "host-3"]),
        ("label host-2 a=<http://proxy:8080>", ["label", "host-2", "a=http://proxy:8080"]),
        ("label host-2 a=<http://user:pass@proxy:1>", ["label", "host-2", "a=http://user:pass@proxy:1"]),
        ("ca url=<https://192.0.2.1:8888/sign,cacert=/a>", ["ca", "url=https://192.0.2.1:8888/sign,cacert=/a"]),
        ("ca <https://ca.example>", ["ca", "https://ca.example"]),
        ("mail <mailto:ada@example.org|ada@example.org>", ["mail", "ada@example.org"]),
        ("mail <mailto:ada@example.org>", ["mail", "ada@example.org"]),
        ("a &amp; b &lt;c&gt;", ["a", "&", "b", "<c>"]),
        ("&amp;amp;", ["&amp;"]),
        ("don't stop", ["don't", "stop"]),
        ("don\u2019t stop", ["don't", "stop"]),
        ('don\'t "stop now"', ["don't", "stop now"]),
    ],
)
def test_split(text: str, words: list[str]) -> None:
    """Quotes hold words together, phones' typography is undone, Slack's angle brackets are taken off."""
    assert split(text) == words


@pytest.mark.parametrize("text", ['join "host-3', "join 'host-3", "join \u201chost-3", "the hosts' names"])
def test_an_open_quote_is_named(text: str) -> None:
    """A quote that is not closed is answered, never guessed."""
    with pytest.raises(NotUnderstood, match="not closed"):
        split(text)


def test_an_open_quote_is_shown_without_markup() -> None:
    """What is said back cannot mention anybody."""
    with pytest.raises(NotUnderstood) as caught:
        split('"&lt;!channel&gt;')
    assert "<" not in caught.value.happened


@given(st.text())
def test_any_text_is_words_or_not_understood(text: str) -> None:
    """Nothing that a person can send raises anything else."""
    try:
        words = split(text)
    except NotUnderstood:
        return
    assert all(isinstance(word, str) for word in words)


@given(st.lists(st.from_regex(r"[a-z0-9=._/-]+", fullmatch=True).filter(lambda word: not word.startswith("-"))))
def test_plain_words_are_kept(words: list[str]) -> None:
    """Words that hold nothing special come out as they went in."""
    assert split(" ".join(words)) == words


@given(st.from_regex(r"[\w ./:,=+@#-]*", fullmatch=True))
def test_a_text_without_quotes_is_split_in_the_same_way(text: str) -> None:
    """It is not read as one with quotes is, and comes out equal."""
    assert split(text) == split(f'{text} ""')[:-1]


def test_a_text_that_is_too_long() -> None:
    """It is refused before it is read: reading takes a time that grows with the square of a word's length."""
    assert split("a" * MAX_CHARS) == ["a" * MAX_CHARS]
    with pytest.raises(NotUnderstood, match="1,000,000 characters"):
        split("a" * 1_000_000)
