"""Lengths of time as people write them: ``90m``, ``2h30m``, ``12w``."""

from __future__ import annotations

import re
from typing import Final

# Engines count in nanoseconds with 63 bits: 292 years.
LONGEST_WEEKS: Final = 5000
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_WHOLE: Final = re.compile(r"^(?:[0-9]{1,12}(?:\.[0-9]+)?(?:ms|s|m|h|d|w))+$")
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)")


def read_duration(text: str) -> float | None:
    """The seconds that ``text`` means; None when it is no duration. It may be longer than :data:`LONGEST_WEEKS`."""
    if not _WHOLE.match(text.lower()):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text.lower()))


def write_duration(seconds: float) -> str:
    """As people write it, in the longest of d, h, m, s and ms that leaves no rest: ``90d``, ``36h``, ``500ms``."""
    milliseconds = round(seconds * 1000)
    units = (unit for unit in ("d", "h", "m", "s") if not milliseconds % (_SECONDS[unit] * 1000))
    unit = next(units, "ms") if milliseconds else "s"
    return f"{milliseconds / (_SECONDS[unit] * 1000):.0f}{unit}"
