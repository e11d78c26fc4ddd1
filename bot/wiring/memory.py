"""Settings of the process's memory for readings of large clusters (docs/decisions/0048)."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from typing import Final

THRESHOLDS: Final = (20_000, 20, 50)
"""How many new objects there are before the youngest are examined, and after how many of these examinations older ones
are. Python's default: 700, 10, 10."""
M_ARENA_MAX: Final = -8
M_MMAP_THRESHOLD: Final = -3
"""Numbers of options of glibc's ``mallopt``, from its malloc.h."""
MMAP_BYTES: Final = 512 * 1024
"""A block of this many bytes or more is returned to the system when it is freed. glibc raises the limit up to 32 MiB
when it frees one, and the blocks of a picture have 0.7 to 6 MiB: a map of 5,000 nodes takes 138 instead of 148 MiB."""


def keep_memory_small() -> None:
    """Make all threads share one heap, and look less often for unreachable objects that refer to each other.

    Otherwise each of 32 reading threads keeps a heap of its own, and a third of the time of a reading of 5,000 services
    is spent on examining objects that are kept. The web process kept 633 MiB after 24,000 fuzzed requests, some of a
    megabyte, and a third of it since (tests/chaos/test_fuzzed_requests.py).
    """
    with suppress(OSError, AttributeError):  # another C library
        library = ctypes.CDLL(None)
        library.mallopt(M_ARENA_MAX, 1)
        library.mallopt(M_MMAP_THRESHOLD, MMAP_BYTES)
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
