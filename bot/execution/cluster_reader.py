"""How jobs see clusters: their engines, and facts read through them."""

from __future__ import annotations

from dataclasses import replace

from bot.model import Engines, Facts, FactsQuery, Plan
from bot.model.engine_api import Clusters
from bot.swarm.reading.facts_reader import FactsReader


class ClusterReader:
    """Safe to share between threads."""

    def __init__(self, clusters: Clusters, reader: FactsReader) -> None:
        self._clusters = clusters
        self._reader = reader

    def engines(self, cluster: str) -> Engines:
        """The hosts of a cluster of swarmbot.yml."""
        return self._clusters.cluster(cluster)

    def read(self, cluster: str, query: FactsQuery) -> Facts:
        """What ``query`` asks to be seen of it, now."""
        return self._reader.read(cluster, self.engines(cluster), query)

    def read_whole(self, cluster: str, query: FactsQuery) -> Facts:
        """The same with every host waited for: who answers first must not decide what a plan or a secret rests on."""
        return self.read(cluster, replace(query, all_hosts=True))

    def read_for(self, plan: Plan, cluster: str, query: FactsQuery) -> Facts:
        """The same of the very cluster that ``plan`` was made from, whatever else a host is in by now."""
        return self.read(cluster, replace(query, cluster_id=plan.cluster_id))
