"""Slack's own notation as a person reads it: names for ids, bold for stars, columns for tables."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.slack.render import flat, lines
from sandbox.tour.ink import Ink

_NAME: Final = re.compile(r"<(?:@|#|!subteam\^)(\w+)(?:\|[^>]*)?>")
_DATE: Final = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_LINK: Final = re.compile(r"<(https?://[^|>]+)(?:\|([^>]*))?>")
_STARS: Final = re.compile(r"(?<![\w*`])\*([^*\n]+)\*(?![\w*`])")
_SECRET: Final = re.compile(r"(SWM(?:TKN|KEY)-1-\w{4})[\w+/=-]*")


def readable(part: Mapping[str, Any] | str, names: Mapping[str, str], ink: Ink) -> Iterator[tuple[str, bool]]:
    """Return a block, or a text, line by line, each with whether it may be broken: tables and code may not.

    ``names`` are those of ids.
    """
    if not isinstance(part, str) and part["type"] == "table":
        yield from ((line, False) for line in _columns(part["rows"]))
        return
    written = part if isinstance(part, str) else "\n".join(line for line in lines([dict(part)]) if line)
    for number, piece in enumerate(written.split("```")):
        code = number % 2 == 1
        for line in filter(str.strip, piece.splitlines()):
            plain = _plain(line, names)
            yield (plain, False) if code else (_marked(plain, ink), True)


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
