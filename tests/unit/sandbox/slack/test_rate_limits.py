"""Rate limits: which calls are refused, for how long, and which are not affected."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack import LocalSlack
from sandbox.slack.rate_limits import CALLS_PER_MINUTE, POST_BURST_SIZE, RateLimits


def test_each_channel_accepts_one_post_per_second() -> None:
    """After the burst, a channel accepts one message per second; other channels are not affected."""
    limits = RateLimits()
    assert [limits.retry_after("chat.postMessage", "C1", 0) for _ in range(POST_BURST_SIZE + 1)] == [
        0
    ] * POST_BURST_SIZE + [1]
    assert limits.retry_after("chat.postMessage", "C2", 0) == 0
    assert limits.retry_after("chat.postMessage", "C1", 1) == 0
    assert limits.retry_after("chat.postMessage", "C1", 1) == 1


def test_a_tier_limits_calls_per_minute() -> None:
    """chat.update is in tier 3: the 51st call of a burst is refused, and 60/50 s later one more is accepted."""
    limits = RateLimits()
    assert not any(limits.retry_after("chat.update", "C1", 0) for _ in range(CALLS_PER_MINUTE[3]))
    assert limits.retry_after("chat.update", "C2", 0) == 2
    assert limits.retry_after("chat.postEphemeral", "C1", 0) == 0
    assert limits.retry_after("chat.update", "C1", 1.2) == 0


def test_a_refused_post_returns_429(slack: LocalSlack, client: WebClient) -> None:
    """The fifth message of a burst returns 429 with Retry-After and is not posted; a second later it is accepted."""
    for _ in range(POST_BURST_SIZE):
        client.chat_postMessage(channel="C0PROD", text="x")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0PROD", text="x")
    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "1"
    assert len(slack.messages("prod")) == POST_BURST_SIZE
    slack.advance(1)
    client.chat_postMessage(channel="C0PROD", text="x")
