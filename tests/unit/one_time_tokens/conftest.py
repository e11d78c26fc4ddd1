"""A bot with an emptied Redis."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.kits.rotations import Bot


@pytest.fixture
def bot(client: Redis) -> Bot:
    """Two workers that check rotations, and a cluster without engines."""
    return Bot(client)
