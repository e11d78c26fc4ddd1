"""What watch reads of a cluster, and how often: all that changes at each turn, what costs more now and then."""

from __future__ import annotations

import time
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.model import Engines, Facts, FactsQuery, HostFacts, HostFailure
from bot.swarm.incidents.service_signals import needs_tasks
from bot.swarm.reading.facts_reader import FactsReader

READ_TIMEOUT_S: Final = 3.0
"""For the hosts of a reading, and then for the manager. A host that is late is not read, which is no verdict."""
PATIENT_S: Final = 10.0
"""So often a reading waits for every host. The others wait only for those that responded last time."""
TASKS_S: Final = 30.0
"""So often every task is listed. Other readings list them only if a node is down or tasks are missing."""
CERTIFICATES_S: Final = 3600.0
"""So often the certificates of the nodes are read, by a command on each host."""
NOT_WAITED_FOR: Final = HostFailure("not yet", "This reading did not wait for it.")


class Reading:
    """For one thread."""

    def __init__(self, cluster: str, engines: Engines, reader: FactsReader) -> None:
        self._cluster = cluster
        self._engines = engines
        self._reader = reader
        self._responding: tuple[str, ...] = ()
        self._last: dict[float, float] = {}

    def read(self) -> Facts:
        """Return the facts of the cluster now. Takes at most about twice READ_TIMEOUT_S, plus probes of managers."""
        patient = self._due(PATIENT_S) or not self._responding
        query = FactsQuery(
            hosts=() if patient else self._responding,
            all_hosts=patient,
            services=True,
            task_list=self._due(TASKS_S),
            certificates=self._due(CERTIFICATES_S),
            timeout_s=READ_TIMEOUT_S,
        )
        facts = self._read(query)
        self._responding = tuple(name for name, host in facts.hosts.items() if host.responds)
        if needs_tasks(facts):
            facts = self._read(replace(query, hosts=self._responding, all_hosts=False, task_list=True))
        return self._with_late_hosts(facts)

    def _read(self, query: FactsQuery) -> Facts:
        return self._reader.read(self._cluster, self._engines, query)

    def _with_late_hosts(self, facts: Facts) -> Facts:
        """Return the facts with the hosts that were not waited for: nothing is known of them this time."""
        hosts = {
            name: facts.hosts.get(name) or HostFacts(name, self._engines.address(name), NOT_WAITED_FOR)
            for name in self._engines.names()
        }
        return replace(facts, hosts=MappingProxyType(hosts))

    def _due(self, interval_s: float) -> bool:
        """Whether what is read each ``interval_s`` seconds is to be read now."""
        now = time.monotonic()
        if interval_s in self._last and now - self._last[interval_s] < interval_s:
            return False
        self._last[interval_s] = now
        return True
