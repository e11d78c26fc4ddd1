"""Settings from environment variables."""

from __future__ import annotations

import pytest

from bot.errors import Misconfigured
from bot.settings import Listen, Settings


def test_an_empty_variable_counts_as_not_set() -> None:
    """Files with variables often list all of them."""
    names = (
        "LOG_LEVEL",
        "PORT",
        "REDIS_URL",
        "SWARMBOT_CONFIG",
        "SLACK_API_URL",
        "SLACK_BOT_TOKEN",
        "WEB_METRICS",
        "WATCH_METRICS",
    )
    assert Settings.from_environment(dict.fromkeys(names, "")) == Settings.from_environment({})


def test_metrics_are_shown_where_the_settings_say() -> None:
    """By default with the web process' other pages, and not by watch."""
    default = Settings.from_environment({})
    assert (default.web_metrics, default.watch_metrics) == (True, None)
    chosen = Settings.from_environment({"WEB_METRICS": "[::1]:9463", "WATCH_METRICS": "127.0.0.1:9464"})
    assert (chosen.web_metrics, chosen.watch_metrics) == (Listen("::1", 9463), Listen("127.0.0.1", 9464))
    assert Settings.from_environment({"WEB_METRICS": "off"}).web_metrics is False


@pytest.mark.parametrize("wrong", ["9464", "127.0.0.1:", "127.0.0.1:0", ":9464", "yes"])
def test_an_address_of_metrics_without_a_port_is_refused(wrong: str) -> None:
    """The error names the variable."""
    with pytest.raises(Misconfigured, match="WATCH_METRICS"):
        Settings.from_environment({"WATCH_METRICS": wrong})
