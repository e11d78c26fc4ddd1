"""What many unit tests share: the emptied Redis with audit log, queue and second factors, and a local Slack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.audit import Audit
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store.client import connect
from bot.totp import SeedVault, Totp
from sandbox.slack import LocalSlack
from tests.kits.totp import KEY, Clock


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


@pytest.fixture
def clock() -> Clock:
    """The clock of second factors, which the test sets."""
    return Clock()


@pytest.fixture
def totp(client: Redis, audit: Audit, clock: Clock) -> Totp:
    """Second factors where nobody has one."""
    return Totp(client, audit, SeedVault(KEY), clock)


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack that only the test speaks to: commands go nowhere, their response_urls work."""
    with LocalSlack(bot_url="http://127.0.0.1:9/slack/events") as slack:
        yield slack
