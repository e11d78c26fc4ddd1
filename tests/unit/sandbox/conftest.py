"""Fixtures of the sandbox's own tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def every_block_is_valid() -> None:
    """Nothing is asserted here: these tests send what Slack refuses."""
