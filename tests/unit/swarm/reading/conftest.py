"""A reader of facts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.swarm.reading.facts_reader import FactsReader


@pytest.fixture
def reader() -> Iterator[FactsReader]:
    """A reader with its threads."""
    reader = FactsReader({})
    yield reader
    reader.close()
