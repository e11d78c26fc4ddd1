"""The strings in nested data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def words_in(data: Any) -> Iterator[str]:
    """Yield all strings in mappings and lists of any depth; keys are left out."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for part in data.values():
            yield from words_in(part)
    elif isinstance(data, list | tuple):
        for part in data:
            yield from words_in(part)
