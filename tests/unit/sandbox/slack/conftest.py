"""A local Slack, and Slack's own client for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from sandbox.slack import LocalSlack
from tests.kits.slack_app import client_of


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack without a bot."""
    with LocalSlack() as local:
        yield local


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    """Slack's own client with the bot's token."""
    return client_of(slack)
