"""The fonts of pictures: Debian's DejaVu (package fonts-dejavu-core), or else Pillow's own, which has fewer letters."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Final

from PIL import ImageFont

from bot.text.mrkdwn import one_line

FOLDER: Final = Path("/usr/share/fonts/truetype/dejavu")
NOT_A_LETTER: Final = "\uffff"
UNSHOWN: Final = "?"
MAX_CHARS: Final = 200
"""The most characters of a text that are drawn."""

Font = ImageFont.FreeTypeFont


@functools.cache
def font(size: int, *, bold: bool = False) -> Font:
    """Return a font of this many pixels."""
    path = FOLDER / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
    if path.exists():
        return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    found = ImageFont.load_default(size)
    assert isinstance(found, ImageFont.FreeTypeFont)  # noqa: S101 - Pillow's wheels have FreeType
    return found


def fitting(text: str, width: int, wanted: Font, *, keep_end: int = 0) -> str:
    """Return the text on one line of this many pixels.

    If it is longer: its beginning, "…" and ``keep_end`` characters.
    """
    line = "".join(character if _is_shown(character, wanted) else UNSHOWN for character in one_line(text)[:MAX_CHARS])
    if wanted.getlength(line) <= width:
        return line
    end = ("…" if _is_shown("…", wanted) else "..") + (line[-keep_end:] if keep_end else "")
    length = bisect_right(range(len(line)), width, key=lambda count: ceil(wanted.getlength(line[:count] + end))) - 1
    return line[: max(0, length)].rstrip() + end


def largest(text: str, width: int, sizes: Sequence[int]) -> Font:
    """Return the largest of these bold fonts in which a text fits into this many pixels, or the last one."""
    fonts = [font(size, bold=True) for size in sizes]
    return next((found for found in fonts if found.getlength(one_line(text)[:MAX_CHARS]) <= width), fonts[-1])


@functools.cache
def _is_shown(character: str, wanted: Font) -> bool:
    """Return whether the font has this character. It draws a box in place of a missing one."""
    return character == " " or _drawn(character, wanted) != _drawn(NOT_A_LETTER, wanted)


@functools.cache
def _drawn(character: str, wanted: Font) -> tuple[tuple[int, int], bytes]:
    mask = wanted.getmask(character)
    return mask.size, bytes(mask)
