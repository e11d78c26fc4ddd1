"""A bot over an emptied Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.secret import Secret
from bot.store.client import connect
from tests.unit.once.kit import Bot


@pytest.fixture
def bot(redis_url: str) -> Iterator[Bot]:
    """Two workers that watch, and a cluster without engines."""
    with connect(Secret(redis_url)) as client:
        yield Bot(client)
