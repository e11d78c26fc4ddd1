"""Bold and colour for a terminal, and lines that fit its width; plain text everywhere else."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TextIO

PAPER_WIDTH: Final = 110
NARROWEST: Final = 60
_CODES: Final = re.compile(r"\x1b\[[\d;]*m")


@dataclass(frozen=True)
class Ink:
    """How text is marked; ``colour`` false leaves it as it is. ``width`` is in characters."""

    colour: bool
    width: int = PAPER_WIDTH

    @classmethod
    def of(cls, out: TextIO) -> Ink:
        """The ink for ``out``: colour on a terminal only, and not where NO_COLOR is set."""
        if not out.isatty():
            return cls(colour=False)
        width = shutil.get_terminal_size((PAPER_WIDTH, 24)).columns
        return cls(colour="NO_COLOR" not in os.environ, width=max(NARROWEST, min(width, PAPER_WIDTH)))

    def bold(self, text: str) -> str:
        """What matters."""
        return self._in("1", text)

    def dim(self, text: str) -> str:
        """What stands around it."""
        return self._in("2", text)

    def good(self, text: str) -> str:
        """What was seen to be true."""
        return self._in("32", text)

    def bad(self, text: str) -> str:
        """What was not."""
        return self._in("1;31", text)

    def person(self, text: str) -> str:
        """Somebody's name."""
        return self._in("1;36", text)

    def private(self, text: str) -> str:
        """For one person's eyes."""
        return self._in("35", text)

    def wrapped(self, text: str, taken: int) -> Iterator[str]:
        """Break a line between words where ``taken`` characters of the width are used already."""
        room = max(self.width - taken, NARROWEST // 2)
        line = ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if line.strip() and len(_CODES.sub("", longer)) > room:
                yield line
                line = "  " + word
            else:
                line = longer
        yield line

    def fitted(self, columns: str, taken: int) -> Iterator[str]:
        """Return lines in columns, the gaps between those no wider than two, cut where the width ends."""
        rows = columns.splitlines()
        length = max(map(len, rows), default=0)
        padded = [row.ljust(length) for row in rows]
        blank = [all(row[place] == " " for row in padded) for place in range(length)]
        kept = [place for place in range(length) if not all(blank[max(place - 2, 0) : place + 1])]
        room = self.width - taken
        for row in padded:
            line = "".join(row[place] for place in kept).rstrip()
            yield line if len(line) <= room else line[: room - 1] + "…"

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text
