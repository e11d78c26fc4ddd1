"""One line that means the same to every login shell: sshd hands it to whatever the user has."""

from __future__ import annotations

import re
from typing import Final

# In quotes csh takes no newline and expands `!`, fish takes `\\` for one, and all differ in how a quote is written.
_DIFFERS: Final = re.compile(r"[\\'!\n]")
# Each word is decoded by printf and put behind the others; the first is then the script.
DECODE: Final = (
    'n=$#; while [ $n -gt 0 ]; do set -- "$@" "$(printf %b "$1")"; shift; n=$((n - 1)); done; n=$1; shift; eval "$n"'
)


def command_line(script: str, *words: str) -> str:
    """The line that runs the POSIX shell ``script`` with ``words`` as ``$1``…; newlines at a word's end are lost."""
    return " ".join(("sh", "-c", f"'{DECODE}'", "sh", *map(_quoted, (script, *words))))


def _quoted(word: str) -> str:
    plain = _DIFFERS.sub(lambda found: "\\0" + format(ord(found[0]), "03o"), word)
    return f"'{plain}'"
