"""What many unit tests share: the emptied Redis, and the audit log and the queue in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.audit import Audit
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store.client import connect


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    """A client of the kind that the bot uses."""
    with connect(Secret(redis_url)) as client:
        yield client


@pytest.fixture
def audit(client: Redis) -> Audit:
    """The empty log."""
    return Audit(client)


@pytest.fixture
def queue(client: Redis, audit: Audit) -> Queue:
    """A queue whose leases count as expired at once: a test decides when by calling ``reclaim``."""
    queue = Queue(client, audit, lease_s=0)
    queue.registry.join()
    return queue
