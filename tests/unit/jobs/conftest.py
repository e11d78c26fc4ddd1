"""A queue on a real Redis, emptied for each test."""

from __future__ import annotations

import pytest
from redis import Redis

from bot.audit import Audit
from bot.queue.queue import Queue


@pytest.fixture
def queue(client: Redis, audit: Audit) -> Queue:
    """A queue whose leases count as run out as soon as somebody looks: tests say when by calling ``reclaim``."""
    queue = Queue(client, audit, lease=0)
    queue.registry.join()
    return queue
