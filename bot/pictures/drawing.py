"""Draws whatever can be drawn."""

from __future__ import annotations

from bot.model.cluster_map import ClusterMap
from bot.model.history import HistoryChart
from bot.pictures import cluster_picture, history_picture


def drawn(shown: ClusterMap | HistoryChart) -> bytes:
    """Return the picture as PNG."""
    return history_picture.picture(shown) if isinstance(shown, HistoryChart) else cluster_picture.picture(shown)
