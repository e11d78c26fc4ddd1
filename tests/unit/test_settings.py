"""Settings from environment variables."""

from __future__ import annotations

from bot.settings import Settings


def test_an_empty_variable_counts_as_not_set() -> None:
    """Files with variables often list all of them."""
    names = ("LOG_LEVEL", "PORT", "REDIS_URL", "SWARMBOT_CONFIG", "SLACK_API_URL", "SLACK_BOT_TOKEN")
    assert Settings.from_environment(dict.fromkeys(names, "")) == Settings.from_environment({})
