"""Suggestions for mistyped words, and lists in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most similar to ``word``, ignoring case; None if none is similar.

    One with the same letters comes first: ``statsu`` is ``status`` with two letters swapped, and not ``stats``.
    """
    by_folded = {choice.casefold(): choice for choice in choices}
    for folded, choice in by_folded.items():
        if sorted(folded) == sorted(word.casefold()):
            return choice
    matches = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def number_of(count: int, noun: str) -> str:
    """Return ``1 node``, ``2 nodes``, ``no nodes``."""
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def part_of(count: int, total: int, noun: str) -> str:
    """Return ``2 of 3 nodes``, ``1 of 1 node``."""
    return f"{count} of {total} {noun}{'' if total == 1 else 's'}"


def listed(words: Iterable[str], *, joint: str = "and", limit: int | None = None) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``; "" for no words. Of more than ``limit``: ``a, b and 3 more``."""
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
    """Return at most ``limit`` lines: of more, the first and the last ones, and between them how many are left out."""
    found = list(lines)
    if len(found) <= limit:
        return found
    first, last = limit // 2, limit - limit // 2 - 1
    left_out = number_of(len(found) - first - last, f"more {what}")
    return [*found[:first], f"… {left_out} …", *found[-last:]]
