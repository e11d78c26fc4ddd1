"""How many examples a property test runs, by SWARMBOT_EXAMPLES: ``few``, ``some`` or ``all``."""

from __future__ import annotations

import os
from typing import Final

SHARES: Final = {"few": 10, "some": 5, "all": 1}
"""One of this many examples is run: few in ``make check``, some in ``make test``, all in ``make test-long``."""
LEVEL: Final = os.environ.get("SWARMBOT_EXAMPLES", "some")
LEAST: Final = 5


def few() -> bool:
    """Return whether too few examples run to include a rare one."""
    return LEVEL == "few"


def long_chars() -> int:
    """Return the length of a text that shows whether time grows with the square of the length: it would take minutes.

    Among few examples it is much shorter: there, only a worse growth is noticed.
    """
    return {"few": 20_000, "some": 100_000, "all": 200_000}[LEVEL]


def examples(whole: int) -> int:
    """Return how many of ``whole`` examples to run: a share of them, and at least 5."""
    return max(LEAST, whole // SHARES[LEVEL])
