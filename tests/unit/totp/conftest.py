"""Second factors on a real Redis, which is empty for each test, at a time that the test sets."""

from __future__ import annotations

import pytest

from bot.settings import Settings
from bot.slack.outbound.client import web_client
from bot.slack.outbound.files import BlockFiles
from sandbox.slack import LocalSlack


@pytest.fixture
def files(slack: LocalSlack) -> BlockFiles:
    """Files with the bot's own client, which waits a moment for Slack to be done with one."""
    return BlockFiles(web_client(Settings.from_environment(slack.environment())), ready_timeout_s=0.1)
