"""Choose the cluster that a command is for."""

from __future__ import annotations

from bot.config.models import Config
from bot.errors import NotUnderstood
from bot.text.mrkdwn import echo
from bot.text.suggest import did_you_mean, listed


class ClusterNeeded(NotUnderstood):
    """The command needs a cluster, and neither the words nor the channel say which."""


def cluster_of_channel(config: Config, channel: str) -> str | None:
    """Return the cluster whose channel (C…) this is, or None."""
    return next((name for name, cluster in config.clusters.items() if cluster.channel == channel), None)


def choose_cluster(config: Config, channel: str, named: str | None) -> str:
    """Return the cluster ``named`` with ``--cluster``, otherwise the channel's cluster, otherwise the only one.

    Raises ClusterNeeded or, for an unknown name, NotUnderstood: both list the clusters.
    """
    if named is not None:
        return _known(config, named)
    bound = cluster_of_channel(config, channel)
    if bound:
        return bound
    if len(config.clusters) == 1:
        return next(iter(config.clusters))
    raise ClusterNeeded(
        "This channel belongs to no cluster, and swarmbot.yml has several.",
        next_step=f"Add `--cluster NAME`, or type this in the cluster's channel: {_with_channels(config)}.",
    )


def _known(config: Config, named: str) -> str:
    if named in config.clusters:
        return named
    raise NotUnderstood(
        f"{echo(named)} is not a cluster in swarmbot.yml.{did_you_mean(named, config.clusters)}",
        next_step=f"Clusters: {_with_channels(config)}.",
    )


def _with_channels(config: Config) -> str:
    return listed(f"`{name}` (<#{cluster.channel}>)" for name, cluster in config.clusters.items())
