"""Slack's own notation as a person reads it: names for ids, bold for stars, columns for tables."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.sandbox.slack.render import flat, lines
from bot.sandbox.tour.ink import Ink

_NAME: Final = re.compile(r"<(?:@|#|!subteam\^)(\w+)(?:\|[^>]*)?>")
_DATE: Final = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_LINK: Final = re.compile(r"<(https?://[^|>]+)(?:\|([^>]*))?>")
_STARS: Final = re.compile(r"(?<![\w*`])\*([^*\n]+)\*(?![\w*`])")
_SECRET: Final = re.compile(r"(SWM(?:TKN|KEY)-1-\w{4})[\w+/=-]*")


def readable(block_or_text: Mapping[str, Any] | str, names: Mapping[str, str], ink: Ink) -> Iterator[str]:
    """Return one block, or a text, line by line. ``names`` are those of ids."""
    if isinstance(block_or_text, str):
        written = block_or_text
    elif block_or_text["type"] == "table":
        written = "\n".join(_columns(block_or_text["rows"]))
    else:
        written = "\n".join(line for line in lines([dict(block_or_text)]) if line)
    for line in written.replace("```", "\n").splitlines():
        if line.strip():
            yield _marked(_plain(line, names), ink)


def masked(text: str) -> str:
    """Leave of each join token and unlock key its first characters."""
    return _SECRET.sub(r"\1… (the rest is left out here)", text)


def _plain(line: str, names: Mapping[str, str]) -> str:
    line = _NAME.sub(lambda found: names.get(found[1], found[0]), line)
    line = _DATE.sub(r"\1", line)
    return html.unescape(_LINK.sub(lambda found: found[2] or found[1], line))


def _marked(line: str, ink: Ink) -> str:
    """Bold word by word, so that a line may break between them."""
    return _STARS.sub(lambda found: " ".join(ink.bold(word) for word in found[1].split(" ")), line)


def _columns(rows: list[list[Any]]) -> Iterator[str]:
    cells = [[flat(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
    for row in cells:
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
