"""What the environment says."""

from __future__ import annotations

from bot.settings import Settings


def test_what_is_empty_is_as_if_it_were_not_set() -> None:
    """Files of variables often name all of them."""
    names = ("LOG_LEVEL", "PORT", "REDIS_URL", "SWARMBOT_CONFIG", "SLACK_API_URL", "SLACK_BOT_TOKEN")
    assert Settings.from_environment(dict.fromkeys(names, "")) == Settings.from_environment({})
