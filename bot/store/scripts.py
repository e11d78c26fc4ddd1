"""Lua scripts: one file per transition, checked against its header when it is loaded and at each call.

A header has one line ``-- KEYS[n] …`` or ``-- ARGV[n] …`` for each input (the last may be ``ARGV[n...]``: it and all
that follow), and one line ``-- include PATH`` (from the root of the repository) for each shared file.
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
    """A script on one server. Nothing is sent before the first call.

    Raise ValueError if the file and its header differ, FileNotFoundError if a file is missing.
    """

    def __init__(self, client: Redis, path: Path) -> None:
        body = path.read_text(encoding="utf-8")
        self.name = path.stem
        self._keys, self._args, self._open = _inputs(self.name, body)
        pieces = [(ROOT / piece).read_text(encoding="utf-8") for piece in _INCLUDE.findall(body)]
        self._run = client.register_script("\n".join([*pieces, body]))

    def __call__(self, keys: list[str], args: list[str]) -> list[Any]:
        """Run the script and return its reply; it is loaded if needed. Raise TypeError on a wrong count."""
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
            raise ValueError(f"{name}.lua: its header does not list {table} in order")
    for table, number in _USED.findall(body):
        if int(number) not in declared[table]:
            raise ValueError(f"{name}.lua uses {table}[{number}], which its header does not list")
    return len(declared["KEYS"]), len(declared["ARGV"]) - rest, rest
