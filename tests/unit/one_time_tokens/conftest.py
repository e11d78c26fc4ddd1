"""A bot over an emptied Redis."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.kits.rotations import Bot


@pytest.fixture
def bot(client: Redis) -> Bot:
    """Two workers that watch, and a cluster without engines."""
    return Bot(client)
