"""Splits what Slack delivers into words: quotes, phones' typography, Slack's angle brackets."""

from __future__ import annotations

import html
import re
import shlex
import unicodedata
from typing import Final

from bot.blocks import echo
from bot.errors import NotUnderstood

MAX_CHARS: Final = 40_000
"""The length of the longest message in Slack. shlex needs ten seconds and more for a word of a megabyte, and all other
requests wait meanwhile."""
# Slack wraps what people mention or what looks like an address (docs.slack.dev, slash commands).
_MARKUP = re.compile(r"<(?P<target>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
_DOUBLE_QUOTES = dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')
_SINGLE_QUOTES = dict.fromkeys("\u2018\u2019", "'")
_HYPHENS = dict.fromkeys("\u2010\u2011\u2212\ufe63\uff0d", "-")
_SMART = str.maketrans({**_DOUBLE_QUOTES, **_SINGLE_QUOTES, **_HYPHENS})
# Swarmbot prints names and commands in backticks, so people copy them with the backticks.
_BACKTICKS = re.compile(r"(?<![^\s\"',])`+|`+(?![^\s\"',])")
_PLAIN = re.compile(r"[\w ./:,=+@#-]*", re.ASCII)
"""A text that needs no preparation, as most of what people type. shlex and its preparation take 0.02 ms for it."""
_LONG_DASH = re.compile("(?<!\\S)[\u2012-\u2015]{1,2}-?(?=\\w)")


def split(text: str) -> list[str]:
    """Split slash text into words.

    Quoted parts stay whole; smart quotes count as quotes, a long dash before a flag as ``--``. ``<@U1|ada>`` becomes
    ``@U1``, ``<#C1|ops>`` becomes ``#C1``. A link becomes the text that was typed: its label, or else the URL.
    Backticks around words and invisible characters are removed, unusual spaces and hyphens replaced. Raises
    NotUnderstood for a quote that is not closed, and for a text that nobody can have typed.
    """
    if len(text) > MAX_CHARS:
        raise NotUnderstood(f"This command has {len(text):,} characters. The most are {MAX_CHARS:,}.")
    if _PLAIN.fullmatch(text):
        return text.split()
    typed = "".join(map(_usual, _MARKUP.sub(_unwrap, text))).translate(_SMART)
    plain = _LONG_DASH.sub("--", _BACKTICKS.sub("", typed))
    lexer = shlex.shlex(html.unescape(plain), posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.escape = ""
    if _apostrophes(plain):
        lexer.quotes = '"'
    try:
        return list(lexer)
    except ValueError:
        raise NotUnderstood(
            f"A quote in {echo(html.unescape(plain))} is not closed.", next_step="Close it, or leave it out."
        ) from None


def _usual(character: str) -> str:
    """Return a space for any kind of space, and nothing for what is not seen."""
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) == "Cf" else character


def _apostrophes(text: str) -> bool:
    """Whether ' stands inside words (don't) rather than around them."""
    return bool(re.search(r"\w'\w", text))


def _unwrap(match: re.Match[str]) -> str:
    target, label = match["target"], match["label"]
    if target.startswith(("@", "#")):
        return target
    if target.startswith("!subteam^"):
        return "@" + target.removeprefix("!subteam^")
    return label or target.removeprefix("mailto:")
