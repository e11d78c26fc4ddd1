"""Bold, colour and line width for a terminal; plain text everywhere else."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TextIO

DEFAULT_WIDTH: Final = 110
MIN_WIDTH: Final = 60
_ESCAPE_CODES: Final = re.compile(r"\x1b\[[\d;]*m")


@dataclass(frozen=True)
class TerminalStyle:
    """How text is formatted."""

    colour: bool
    """False leaves text as it is."""
    width: int = DEFAULT_WIDTH
    """In characters."""

    @classmethod
    def of(cls, out: TextIO) -> TerminalStyle:
        """Return the style for ``out``: colour only on a terminal, and not if NO_COLOR is set."""
        if not out.isatty():
            return cls(colour=False)
        width = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns
        return cls(colour="NO_COLOR" not in os.environ, width=max(MIN_WIDTH, min(width, DEFAULT_WIDTH)))

    def bold(self, text: str) -> str:
        """Return ``text`` emphasized."""
        return self._in("1", text)

    def dim(self, text: str) -> str:
        """Return ``text`` for context."""
        return self._in("2", text)

    def good(self, text: str) -> str:
        """Return ``text`` for a success."""
        return self._in("32", text)

    def bad(self, text: str) -> str:
        """Return ``text`` for a failure."""
        return self._in("1;31", text)

    def person(self, text: str) -> str:
        """Return a person's name."""
        return self._in("1;36", text)

    def private(self, text: str) -> str:
        """Return ``text`` that only one person sees."""
        return self._in("35", text)

    def wrap(self, text: str, used: int) -> Iterator[str]:
        """Break a line between words, if ``used`` characters of the width are already taken."""
        room = max(self.width - used, MIN_WIDTH // 2)
        line = ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if line.strip() and len(_ESCAPE_CODES.sub("", longer)) > room:
                yield line
                line = "  " + word
            else:
                line = longer
        yield line

    def fit_columns(self, columns: str, used: int) -> Iterator[str]:
        """Return lines in columns with gaps of at most two spaces; cut lines that are too long."""
        rows = columns.splitlines()
        length = max(map(len, rows), default=0)
        padded = [row.ljust(length) for row in rows]
        blank = [all(row[at] == " " for row in padded) for at in range(length)]
        kept = [at for at in range(length) if not all(blank[max(at - 2, 0) : at + 1])]
        room = self.width - used
        for row in padded:
            line = "".join(row[at] for at in kept).rstrip()
            yield line if len(line) <= room else line[: room - 1] + "…"

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text
