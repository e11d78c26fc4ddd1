"""Lua transitions: one file each, checked against its own header when it is loaded and at every call.

A file opens with a comment that has one line ``-- KEYS[n] …`` or ``-- ARGV[n] …`` for each of its inputs (the last may
be ``ARGV[n...]``: that and all that follow), and ``-- include PATH`` (from the root of the tree) for each shared piece.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from redis import Redis

ROOT = Path(__file__).resolve().parents[2]
_INPUT = re.compile(r"^-- (KEYS|ARGV)\[(\d+)(\.\.\.)?\] \S", re.MULTILINE)
_INCLUDE = re.compile(r"^-- include (\S+)$", re.MULTILINE)
_USED = re.compile(r"\b(KEYS|ARGV)\[(\d+)\]")


class Script:
    """One transition on one server; nothing is sent before the first call.

    Raises ValueError if the file and its header differ, FileNotFoundError if a file is not there.
    """

    def __init__(self, client: Redis, path: Path) -> None:
        body = path.read_text(encoding="utf-8")
        self.name = path.stem
        self._keys, self._args, self._open = _inputs(self.name, body)
        pieces = [(ROOT / piece).read_text(encoding="utf-8") for piece in _INCLUDE.findall(body)]
        self._run = client.register_script("\n".join([*pieces, body]))

    def __call__(self, keys: list[str], args: list[str]) -> list[Any]:
        """Run on the server, loading it there when the server does not know it; TypeError on a wrong count."""
        enough = len(args) >= self._args if self._open else len(args) == self._args
        if len(keys) != self._keys or not enough:
            raise TypeError(f"{self.name}.lua takes {self._keys} keys and {self._args} arguments")
        reply: list[Any] = self._run(keys=keys, args=args)
        return reply


def _inputs(name: str, body: str) -> tuple[int, int, bool]:
    header = "\n".join(line for line in body.splitlines() if line.startswith("--"))
    declared: dict[str, list[int]] = {"KEYS": [], "ARGV": []}
    rest = False
    for table, number, more in _INPUT.findall(header):
        declared[table].append(int(number))
        rest = rest or bool(more)
    for table, numbers in declared.items():
        if numbers != list(range(1, len(numbers) + 1)):
            raise ValueError(f"{name}.lua: its header does not name {table} one by one")
    for table, number in _USED.findall(body):
        if int(number) not in declared[table]:
            raise ValueError(f"{name}.lua uses {table}[{number}], which its header does not name")
    return len(declared["KEYS"]), len(declared["ARGV"]) - rest, rest
