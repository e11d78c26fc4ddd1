"""Suggestions for mistyped words, and lists in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

from bot.text.mrkdwn import tick

MOST_SIMILAR: Final = 3
"""At most this many choices that begin alike are named."""
MIN_RATIO: Final = 0.6
SHORT_CHARS: Final = 3
"""A word that is not longer is compared only with choices of about its length. Most of its letters are in many other
words: ``del`` is as similar to ``deploy`` as ``jod`` to ``job``."""


def did_you_mean(word: str, choices: Iterable[str], before: str = "") -> str:
    """Return `` Did you mean `a` or `b`?``, each with ``before`` in front of it; "" if no choice is similar."""
    found = similar(word, choices)
    return f" Did you mean {listed((tick(before + choice) for choice in found), joint='or')}?" if found else ""


def similar(word: str, choices: Iterable[str]) -> list[str]:
    """Return what may have been meant by ``word``, ignoring case: one choice, or several that begin with it.

    Words with the same letters in another order come first, then words that were not typed to their end, then similar
    spellings, and then an abbreviation that fits only one choice.
    """
    by_folded = {choice.casefold(): choice for choice in choices}
    folded = word.casefold()
    begun = [choice for choice in by_folded if len(folded) > 1 and choice.startswith(folded)]
    found = (
        _reordered(folded, by_folded)
        or begun[:MOST_SIMILAR]
        or _spelt_alike(folded, by_folded)
        or _abbreviated(folded, by_folded)
    )
    return [by_folded[choice] for choice in found]


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that is spelt most like ``word``, ignoring case; None if none is spelt like it.

    One with the same letters comes first: ``statsu`` is ``status`` with two letters swapped, and not ``stats``.
    """
    by_folded = {choice.casefold(): choice for choice in choices}
    folded = word.casefold()
    found = _reordered(folded, by_folded) or _spelt_alike(folded, by_folded)
    return by_folded[found[0]] if found else None


def _reordered(word: str, choices: Iterable[str]) -> list[str]:
    return [choice for choice in choices if sorted(choice) == sorted(word)][:1]


def _spelt_alike(word: str, choices: Iterable[str]) -> list[str]:
    if len(word) <= SHORT_CHARS:
        choices = [choice for choice in choices if abs(len(choice) - len(word)) <= 1]
    return get_close_matches(word, choices, n=1, cutoff=MIN_RATIO)


def _abbreviated(word: str, choices: Iterable[str]) -> list[str]:
    """Return the only choice that has these letters in this order, the first and the last at its ends: ``w2``."""
    pattern = re.compile(".*".join(map(re.escape, word)), re.DOTALL)
    found = [choice for choice in choices if len(word) > 1 and pattern.fullmatch(choice)]
    return found if len(found) == 1 else []


def number_of(count: int, noun: str) -> str:
    """Return ``1 node``, ``2 nodes``, ``no nodes``."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def part_of(count: int, total: int, noun: str) -> str:
    """Return ``2 of 3 nodes``, ``1 of 1 node``."""
    return f"{count} of {total} {noun}{'' if total == 1 else 's'}"


def listed(words: Iterable[str], *, joint: str = "and", limit: int | None = None) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``; beyond ``limit``, ``a, b and 3 more``; "" for no words."""
    found = list(words) or [""]
    if limit is not None and len(found) > limit:
        found[limit:] = [f"{len(found) - limit} more"]
    *most, last = found
    return f"{', '.join(most)} {joint} {last}" if most else last


def first_of(words: Sequence[str], limit: int) -> str:
    """Return the first ``limit`` words and how many are left out: ``a, b and 3 more``; all of them as ``a, b``."""
    shown = ", ".join(words[:limit])
    return f"{shown} and {len(words) - limit} more" if len(words) > limit else shown


def without_middle(lines: Iterable[str], limit: int, what: str) -> list[str]:
    """Return at most ``limit`` lines.

    If there are more: the first and the last ones, and between them how many are omitted.
    """
    found = list(lines)
    if len(found) <= limit:
        return found
    first, last = limit // 2, limit - limit // 2 - 1
    left_out = number_of(len(found) - first - last, f"more {what}")
    return [*found[:first], f"… {left_out} …", *found[-last:]]
