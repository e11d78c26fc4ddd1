"""A gate, and a second factor at a time that the test sets, on a real Redis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bot.gate import Gate
from tests.kits.gates import gate_of

CONFIG: dict[str, Any] = {
    "clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1", "host-2": "192.0.2.2"}}},
    "people": {"admins": ["U0ADA", "U0CLEO"]},
    "rules": {"view": ["admins"], "operate": ["admins"], "administer": ["admins"]},
}


@pytest.fixture
def gate(client: Redis, redis_url: str, tmp_path: Path) -> Gate:
    """Return a gate whose administrators are U0ADA and U0CLEO."""
    assert client.ping()
    return gate_of(CONFIG, redis_url, tmp_path)
