"""Rate limits: which calls are held back, for how long, and what they leave alone."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack import LocalSlack
from sandbox.slack.ratelimit import POST_BURST, TIERS, RateLimits


def test_posts_are_one_a_second_in_each_channel() -> None:
    """After the burst one channel waits a second; another channel does not wait."""
    limits = RateLimits()
    assert [limits.retry_after("chat.postMessage", "C1", 0) for _ in range(POST_BURST + 1)] == [0] * POST_BURST + [1]
    assert limits.retry_after("chat.postMessage", "C2", 0) == 0
    assert limits.retry_after("chat.postMessage", "C1", 1) == 0
    assert limits.retry_after("chat.postMessage", "C1", 1) == 1


def test_a_tier_is_its_minute() -> None:
    """chat.update has tier 3: its 51st call at once is held back, and 60/50 s later another is taken."""
    limits = RateLimits()
    assert not any(limits.retry_after("chat.update", "C1", 0) for _ in range(TIERS[3]))
    assert limits.retry_after("chat.update", "C2", 0) == 2
    assert limits.retry_after("chat.postEphemeral", "C1", 0) == 0
    assert limits.retry_after("chat.update", "C1", 1.2) == 0


def test_the_client_meets_429_and_nothing_is_posted(slack: LocalSlack, client: WebClient) -> None:
    """The fifth message at once is a 429 with Retry-After; a second later it is taken."""
    for _ in range(POST_BURST):
        client.chat_postMessage(channel="C0PROD", text="x")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0PROD", text="x")
    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "1"
    assert len(slack.messages("prod")) == POST_BURST
    slack.advance(1)
    client.chat_postMessage(channel="C0PROD", text="x")
