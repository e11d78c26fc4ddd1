"""Which cluster a command means."""

from __future__ import annotations

from bot.config.models import Config
from bot.errors import NotUnderstood
from bot.text.suggest import listed, nearest


def cluster_of_channel(config: Config, channel: str) -> str | None:
    """The cluster that is bound to this channel (C…)."""
    return next((name for name, cluster in config.clusters.items() if cluster.channel == channel), None)


def choose_cluster(config: Config, channel: str, named: str | None) -> str:
    """The cluster that is meant: the one ``named`` with ``--cluster``, else the channel's, else the only one.

    Raises :class:`NotUnderstood` with the clusters to choose from.
    """
    if named is not None:
        return _known(config, named)
    bound = cluster_of_channel(config, channel)
    if bound:
        return bound
    if len(config.clusters) == 1:
        return next(iter(config.clusters))
    raise NotUnderstood(
        "This channel means no cluster, and there are several.",
        next_step=f"Say which with `--cluster NAME`, or ask in its channel: {_with_channels(config)}.",
    )


def _known(config: Config, named: str) -> str:
    if named in config.clusters:
        return named
    close = nearest(named, config.clusters)
    raise NotUnderstood(
        f"`{named}` is no cluster of swarmbot.yml." + (f" Did you mean `{close}`?" if close else ""),
        next_step=f"Clusters: {_with_channels(config)}.",
    )


def _with_channels(config: Config) -> str:
    return listed(f"`{name}` (<#{cluster.channel}>)" for name, cluster in config.clusters.items())
