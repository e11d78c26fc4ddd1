"""A queue on a real Redis, emptied for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.audit import Audit
from bot.jobs.queue import Queue
from bot.secret import Secret
from bot.store.client import connect


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    """A client of the kind that the bot uses."""
    with connect(Secret(redis_url)) as client:
        yield client


@pytest.fixture
def audit(client: Redis) -> Audit:
    """The audit log of the emptied Redis."""
    return Audit(client)


@pytest.fixture
def queue(client: Redis, audit: Audit) -> Queue:
    """A queue whose leases count as run out as soon as somebody looks: tests say when by calling ``reclaim``."""
    queue = Queue(client, audit, lease=0)
    queue.roster.join()
    return queue
