"""An empty outbox, and an order whose messages it carries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from bot.audit import Audit
from bot.queue.job import Order
from tests.kits.jobs import order
from tests.unit.outbox.world import World


@pytest.fixture
def world(client: Redis, audit: Audit) -> World:
    """An empty outbox."""
    return World(client, audit)


@pytest.fixture
def asked(world: World) -> Order:
    """An order of U0ASKER."""
    return replace(order(words="status"), asked_at=world.clock.at)
