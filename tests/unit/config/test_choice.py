"""The cluster that a command is for."""

from __future__ import annotations

import pytest

from bot.config import Config, choose_cluster, cluster_of_channel
from bot.errors import NotUnderstood


def _config(**channels: str) -> Config:
    return Config.model_validate(
        {"clusters": {name: {"channel": channel, "hosts": {"h": "192.0.2.1"}} for name, channel in channels.items()}}
    )


ONE = _config(prod="C0PROD")
TWO = _config(prod="C0PROD", staging="C0STAGE")


@pytest.mark.parametrize(
    ("config", "channel", "named", "meant"),
    [
        (ONE, "C0OTHER", None, "prod"),
        (ONE, "D0DIRECT", "prod", "prod"),
        (TWO, "C0PROD", None, "prod"),
        (TWO, "C0STAGE", None, "staging"),
        (TWO, "C0OTHER", "staging", "staging"),
        (TWO, "C0PROD", "staging", "staging"),
    ],
)
def test_cluster_from_flag_channel_or_single_cluster(
    config: Config, channel: str, named: str | None, meant: str
) -> None:
    """The flag counts first, then the channel, then whether there is only one cluster."""
    assert choose_cluster(config, channel, named) == meant


@pytest.mark.parametrize(
    ("config", "channel", "named", "words"),
    [
        (TWO, "C0OTHER", None, "several"),
        (TWO, "C0PROD", "stagin", "Did you mean `staging`"),
        (ONE, "C0PROD", "xyz", "`xyz` is not a cluster"),
        (ONE, "C0PROD", "", "not a cluster"),
    ],
)
def test_an_unclear_cluster_is_not_guessed(config: Config, channel: str, named: str | None, words: str) -> None:
    """The error lists all clusters, each with its channel."""
    with pytest.raises(NotUnderstood) as raised:
        choose_cluster(config, channel, named)
    assert words in raised.value.happened
    assert all(f"`{name}` (<#{each.channel}>)" in raised.value.next_step for name, each in config.clusters.items())


def test_cluster_of_channel() -> None:
    """A channel without a cluster gives None."""
    assert cluster_of_channel(TWO, "C0STAGE") == "staging"
    assert cluster_of_channel(TWO, "C0OTHER") is None
