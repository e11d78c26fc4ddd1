"""A second factor on a real Redis, at a time that the test sets."""

from __future__ import annotations

import pytest
from redis import Redis

from bot.audit import Audit
from bot.totp import SeedVault, Totp
from tests.kits.totp import KEY, Clock


@pytest.fixture
def clock() -> Clock:
    """Return the clock."""
    return Clock()


@pytest.fixture
def totp(client: Redis, audit: Audit, clock: Clock) -> Totp:
    """Return second factors where nobody has one."""
    return Totp(client, audit, SeedVault(KEY), clock)
