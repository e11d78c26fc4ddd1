"""Sizes of memory as people write them for Docker: ``64m``, ``1.5g``, ``512MiB``. Units are powers of 1024."""

from __future__ import annotations

import re
from typing import Final

_STEP: Final = 1024
_UNITS: Final = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SIZE: Final = re.compile(r"(?P<number>[0-9]{1,12}(?:\.[0-9]{1,6})?)\s*(?P<unit>[kmgt]?)(?:i?b)?", re.IGNORECASE)


def read_size(text: str) -> int | None:
    """Return the bytes that ``text`` means; None if it is not a size."""
    match = _SIZE.fullmatch(text.strip())
    return round(float(match["number"]) * _UNITS[match["unit"].lower()]) if match else None


def write_size(size: int) -> str:
    """Return the size in the largest unit that gives at most three decimals: ``64 MiB``, ``1.5 GiB``."""
    for unit, name in (("t", "TiB"), ("g", "GiB"), ("m", "MiB"), ("k", "KiB")):
        number = size / _UNITS[unit]
        if number >= 1 and round(number, 3) == number:
            return f"{number:g} {name}"
    return f"{size} bytes"


def about_size(size: float) -> str:
    """Return about how much that is, for people: ``512 MiB``, ``1.5 GiB``."""
    amount, names = float(size), iter(("B", "KiB", "MiB", "GiB", "TiB"))
    name = next(names)
    while amount >= _STEP and (larger := next(names, "")):
        amount, name = amount / _STEP, larger
    digits = 0 if name == "B" or amount >= 100 else 1  # noqa: PLR2004 - three digits
    return f"{amount:.{digits}f}".removesuffix(".0") + f" {name}"
