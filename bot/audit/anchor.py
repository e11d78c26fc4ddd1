"""Anchors: heads of the log that are noted elsewhere, so that a log that was cut off or written anew is found out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from bot.audit.entry import Head
from bot.errors import NotUnderstood

_ANCHOR: Final = re.compile(r"\b([0-9a-f]{64}):([0-9]{1,18})\b")


def anchor_of(head: Head) -> str:
    """The head's hash and how many entries there were, on one line."""
    return f"{head.hash}:{head.seq}"


def read_anchors(given: str) -> tuple[Head, ...]:
    """The anchors in ``given``: one itself, or a file's name; any text may stand around them.

    Raises NotUnderstood when there is none.
    """
    text = given
    if not _ANCHOR.fullmatch(given):
        try:
            text = Path(given).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise NotUnderstood(
                f"{given} is no anchor, and no file that can be read: {error.strerror}.",
                next_step="`python -m bot audit anchor` prints one: HASH:COUNT.",
            ) from None
    found = tuple(Head(int(count), digest) for digest, count in _ANCHOR.findall(text))
    if not found:
        raise NotUnderstood(f"{given} holds no anchor.", next_step="An anchor is HASH:COUNT.")
    return found
