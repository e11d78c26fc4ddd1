"""How often Python looks for unreachable objects that refer to each other."""

from __future__ import annotations

import gc
from typing import Final

THRESHOLDS: Final = (20_000, 20, 50)
"""New objects before the youngest are examined, and after how many such times older ones are. Python's: 700, 10, 10."""


def collect_seldom() -> None:
    """Examine the objects that exist already no more, and those of a large cluster's reading less often.

    With Python's own thresholds a third of the time of a reading of 5,000 services went into examining what is kept
    (docs/decisions/0041-long-lists-are-streamed.md).
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
