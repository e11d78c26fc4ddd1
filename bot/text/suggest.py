"""The nearest of the words that would have been understood."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like ``word``, letter case aside; None when none is like it."""
    by_folded = {choice.casefold(): choice for choice in choices}
    matches = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def number_of(count: int, noun: str) -> str:
    """Return ``1 node``, ``2 nodes``, ``no nodes``."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def listed(words: Iterable[str], *, joint: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; "" for none."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} {joint} {last}" if most else last
