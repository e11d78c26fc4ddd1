"""Second factors on a real Redis, which is empty for each test, at a time that the test sets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.audit import Audit
from bot.settings import Settings
from bot.slack.outbound.client import web_client
from bot.slack.outbound.files import BlockFiles
from bot.totp import SeedVault, Totp
from sandbox.slack import LocalSlack
from tests.kits.totp import KEY, Clock


@pytest.fixture
def clock() -> Clock:
    """Return the clock."""
    return Clock()


@pytest.fixture
def totp(client: Redis, audit: Audit, clock: Clock) -> Totp:
    """Return second factors where nobody has one."""
    return Totp(client, audit, SeedVault(KEY), clock)


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack that only the test speaks to: commands go nowhere, their response_urls work."""
    with LocalSlack(bot_url="http://127.0.0.1:9/slack/events") as slack:
        yield slack


@pytest.fixture
def files(slack: LocalSlack) -> BlockFiles:
    """Files with the bot's own client, which waits a moment for Slack to be done with one."""
    return BlockFiles(web_client(Settings.from_environment(slack.environment())), ready_timeout_s=0.1)
