"""Durations as people write them: ``90m``, ``2h30m``, ``12w``."""

from __future__ import annotations

import math
import re
from typing import Final

MAX_DURATION_WEEKS: Final = 5000
"""Engines count nanoseconds in 63 bits, which is 292 years; longer durations are refused."""
MAX_DURATION_S: Final = MAX_DURATION_WEEKS * 7 * 24 * 3600.0
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_WHOLE: Final = re.compile(r"^(?:[0-9]{1,12}(?:\.[0-9]+)?(?:ms|s|m|h|d|w))+$")
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)")


def read_duration(text: str) -> float | None:
    """Return the seconds that ``text`` means; None if it is not a duration. They may exceed :data:`MAX_DURATION_S`."""
    if not _WHOLE.match(text.lower()):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text.lower()))


def write_duration(seconds: float) -> str:
    """Return the duration in the largest of d, h, m, s and ms that gives a whole number: ``90d``, ``36h``."""
    milliseconds = round(seconds * 1000)
    units = (unit for unit in ("d", "h", "m", "s") if not milliseconds % (_SECONDS[unit] * 1000))
    unit = next(units, "ms") if milliseconds else "s"
    return f"{milliseconds / (_SECONDS[unit] * 1000):.0f}{unit}"


def age(seconds: float) -> str:
    """Return about how long ``seconds`` are, for people: ``45 s``, ``5 min``, ``3 h``, ``12 days``."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length or (unit == "min" and seconds >= length):
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"


def at_most(seconds: float) -> str:
    """Return a time that ``seconds`` do not exceed, for people: ``at most 73 s``, ``at most 5 min``."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds > 2 * length:
            return f"at most {math.ceil(seconds / length)} {unit}"
    return f"at most {math.ceil(seconds)} s"
