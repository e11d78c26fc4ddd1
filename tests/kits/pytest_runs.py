"""Runs pytest for the commands that print a matrix, and reads what it said."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

COUNTS: Final = re.compile(r"^=*\s*(\d+ (?:passed|failed|error).*?) in ", re.MULTILINE)
LINE: Final = re.compile(r"^(PASSED|FAILED|ERROR) (\S+)", re.MULTILINE)
"""A test in the short summary of ``-rA``."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What pytest said."""

    output: str
    passed: bool

    @property
    def counts(self) -> str:
        """Pytest's words: "210 passed, 3 deselected"."""
        found = COUNTS.search(self.output)
        return found[1] if found else "no result"

    def told(self, what: str) -> str:
        """Return the line that tests/conftest.py wrote about ``what`` at the end; "" if there is none."""
        found = re.search(rf"^{what}: (.*)$", self.output, re.MULTILINE)
        return found[1] if found else ""

    def outcomes(self) -> dict[str, bool]:
        """Return whether each test passed that ran, by its node id. This needs ``-rA``."""
        found: dict[str, bool] = {}
        for word, test in LINE.findall(self.output):
            found[test] = found.get(test, True) and word == "PASSED"
        return found


def run_pytest(*arguments: str) -> Ran:
    """Run pytest; show its output if a test fails."""
    argv = [sys.executable, "-m", "pytest", "-q", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
    return Ran(done.stdout, not done.returncode)
