"""How jobs see clusters: their engines, and facts read through them."""

from __future__ import annotations

from dataclasses import replace

from bot.model import Engines, Facts, Look, Plan
from bot.model.engine_api import Clusters
from bot.swarm.reading.reader import Reader


class Sight:
    """Safe to share between threads."""

    def __init__(self, clusters: Clusters, reader: Reader) -> None:
        self._clusters = clusters
        self._reader = reader

    def engines(self, cluster: str) -> Engines:
        """The hosts of a cluster of swarmbot.yml."""
        return self._clusters.cluster(cluster)

    def read(self, cluster: str, look: Look) -> Facts:
        """What ``look`` asks to be seen of it, now."""
        return self._reader.read(cluster, self.engines(cluster), look)

    def read_whole(self, cluster: str, look: Look) -> Facts:
        """The same with every host waited for: who answers first must not decide what a plan or a secret rests on."""
        return self.read(cluster, replace(look, all_hosts=True))

    def read_for(self, plan: Plan, cluster: str, look: Look) -> Facts:
        """The same of the very cluster that ``plan`` was made from, whatever else a host is in by now."""
        return self.read(cluster, replace(look, cluster_id=plan.cluster_id))
