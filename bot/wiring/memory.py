"""Settings of the process's memory for readings of large clusters (docs/decisions/0048-long-lists-are-streamed.md)."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from typing import Final

THRESHOLDS: Final = (20_000, 20, 50)
"""New objects before the youngest are examined, and after how many such times older ones are. Python's: 700, 10, 10."""
M_ARENA_MAX: Final = -8
"""The number of an option of glibc's ``mallopt``, from its malloc.h."""


def keep_memory_small() -> None:
    """Have all threads share one heap, and look for unreachable objects that refer to each other less often.

    Otherwise each of 32 reading threads keeps a heap of its own, and a third of the time of a reading of 5,000 services
    goes into examining what is kept. The web process kept 633 MiB after 24,000 fuzzed requests, some of a megabyte, and
    a third of it since (tests/chaos/test_fuzzed_requests.py).
    """
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
