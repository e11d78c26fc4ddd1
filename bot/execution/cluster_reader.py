"""How jobs read clusters: engines, and the facts read through them."""

from __future__ import annotations

import time
from dataclasses import replace
from types import MappingProxyType

from bot.good_specs import GoodSpecs
from bot.last_read import LastRead
from bot.model import Engines, Facts, FactsQuery, Operation, Plan
from bot.model.engine_api import Clusters
from bot.queue.job import Job
from bot.stack_revisions import Revisions
from bot.stored_json import to_json
from bot.swarm.reading.facts_reader import FactsReader
from bot.watch.history import WatchHistory


class ClusterReader:
    """Safe to share between threads."""

    def __init__(
        self,
        clusters: Clusters,
        reader: FactsReader,
        *,
        last_read: LastRead,
        good_specs: GoodSpecs,
        revisions: Revisions,
        history: WatchHistory,
    ) -> None:
        self._clusters = clusters
        self._reader = reader
        self._last_read = last_read
        self._good_specs = good_specs
        self._revisions = revisions
        self._history = history

    def engines(self, cluster: str) -> Engines:
        """Return the engines of a cluster of swarmbot.yml."""
        return self._clusters.cluster(cluster)

    def read(self, cluster: str, query: FactsQuery) -> Facts:
        """Return the facts that ``query`` selects, as they are now."""
        if query.history:
            return Facts(cluster, time.time(), MappingProxyType({}), history=self._history.history(cluster))
        facts = self._reader.read(cluster, self.engines(cluster), query)
        if facts.swarm is not None:
            self._last_read.note(cluster, facts.swarm, services=query.services)
        if query.revisions_of:
            facts = replace(facts, revisions=self._revisions.listed(cluster, query.revisions_of))
        if query.listed_stacks:
            facts = replace(facts, listed_stacks=self.engines(cluster).stack_recorder.names)
        return self._with_good_specs(facts, query)

    def keep_good_spec(self, facts: Facts, operation: Operation) -> None:
        """Keep the spec of the service that ``operation`` changes, if ``facts`` show that its tasks run."""
        self._good_specs.note(facts, operation)

    def hold_source(self, job: Job, plan: Plan, facts: Facts) -> None:
        """Hold the source of a deploy until its end, if ``plan`` was made from facts with one."""
        if facts.stack is not None and facts.stack.made_from is not None:
            self._revisions.hold(job.id, to_json(plan), facts.stack.made_from)

    def keep_revision(self, job: Job, plan: Plan) -> int:
        """Keep what was held for ``plan`` as a revision, and return its number; 0 if nothing was held."""
        return self._revisions.keep(job.order.cluster, job.id, to_json(plan), job.order.requester)

    def _with_good_specs(self, facts: Facts, query: FactsQuery) -> Facts:
        """Return the facts with the last good spec of the service that the query names, or of every service."""
        if facts.swarm is None:
            return facts
        services = facts.swarm.services if query.good_specs else ()
        if query.good_spec_of:
            services = tuple(facts.swarm.named(query.good_spec_of)[:1])
        return self._good_specs.added_to(facts, [service.id for service in services])

    def read_whole(self, cluster: str, query: FactsQuery) -> Facts:
        """Read as :meth:`read` does, but wait for every host.

        A plan or a secret must not depend on which host responds first.
        """
        return self.read(cluster, replace(query, all_hosts=True))

    def read_for(self, plan: Plan, cluster: str, query: FactsQuery) -> Facts:
        """Read the cluster of ``plan`` as :meth:`read` does, even if a host is part of another cluster by now."""
        return self.read(cluster, replace(query, cluster_id=plan.cluster_id))
