"""A Slack for what the bot sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.slack import LocalSlack


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack that only the test speaks to, without rate limits."""
    with LocalSlack(bot_url="http://127.0.0.1:9/slack/events", rate_limits=False) as slack:
        yield slack
