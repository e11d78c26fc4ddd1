"""What watch reads of a cluster, and how often: cheap data each time, expensive data less often."""

from __future__ import annotations

import time
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.model import Engines, Facts, FactsQuery, HostFacts, HostFailure
from bot.swarm.incidents.service_signals import needs_tasks
from bot.swarm.reading.facts_reader import FactsReader

READ_TIMEOUT_S: Final = 3.0
"""The time-out for the hosts of a reading, and then for the manager. A host that is late is not read, which is no
verdict."""
PATIENT_S: Final = 10.0
"""Seconds between two readings that wait for every host. The others wait only for hosts that responded last time."""
URGENT_PATIENT_S: Final = 30.0
"""Seconds between two readings after an event that wait for every host."""
TASKS_S: Final = 30.0
"""Seconds between two readings that list all tasks and networks. Others list tasks only if a node is down or tasks are
missing."""
MAX_OTHER_HOSTS: Final = 50
"""How many hosts that are not managers are asked in one reading. The managers report the state of every node each
time."""
CERTIFICATES_S: Final = 3600.0
"""Seconds between two readings of the nodes' certificates, by a command on each host."""
EXPIRING_S: Final = 60.0
"""Seconds between two readings of the certificates while one is reported to expire soon, until it is renewed."""
NOT_WAITED_FOR: Final = HostFailure("not yet", "This reading did not wait for it.")


class Reading:
    """For one thread."""

    def __init__(self, cluster: str, engines: Engines, reader: FactsReader) -> None:
        self._cluster = cluster
        self._engines = engines
        self._reader = reader
        self._responding: set[str] = set()
        self._managers: set[str] = set()
        self._led = True
        """Whether a manager could be read last time."""
        self._next = 0
        self._last: dict[str, float] = {}

    def read(self, *, urgent: bool = False, expiring: bool = False) -> Facts:
        """Return the facts of the cluster now. Takes at most about twice READ_TIMEOUT_S, plus probes of managers.

        After a reading without a manager, managers that do not answer are asked again each second, so that a new leader
        is seen soon.
        An ``urgent`` reading seldom waits for hosts that did not respond last time. ``expiring``: whether a certificate
        was seen to expire soon.
        A host that was not read this time is in the facts as one that is still waited for.
        """
        certificates = self._due("certificates", EXPIRING_S if expiring else CERTIFICATES_S)
        tasks = self._due("tasks", TASKS_S)
        tried = set(self._engines.names()) if certificates else self._turn_hosts()
        patient = self._due("patience", URGENT_PATIENT_S if urgent else PATIENT_S) or not self._responding & tried
        query = FactsQuery(
            only_hosts=tuple(tried),
            hosts=() if patient else tuple(self._responding & tried),
            all_hosts=patient,
            services=True,
            task_list=tasks,
            objects=("networks",) if tasks else (),
            certificates=certificates,
            ask_again=() if self._led else tuple(sorted(self._managers)),
            try_silent="none" if not self._led else "all" if patient else "reachable",
            timeout_s=READ_TIMEOUT_S,
        )
        facts = self._read(query)
        self._led = facts.swarm is not None
        self._responding -= tried
        self._responding |= {name for name, host in facts.hosts.items() if host.responds}
        self._note_managers(facts)
        if needs_tasks(facts):
            hosts = tuple(self._responding & tried)
            query = replace(query, hosts=hosts, all_hosts=False, task_list=True, certificates=False)
            again = self._read(replace(query, try_silent="none"))
            facts = replace(facts, swarm=again.swarm or facts.swarm, duration_s=facts.duration_s + again.duration_s)
        return self._with_late_hosts(facts)

    def _note_managers(self, facts: Facts) -> None:
        found = {name for name, host in facts.hosts.items() if host.is_manager}
        if facts.swarm is None:
            self._managers |= found
        else:
            self._managers = found | {node.host for node in facts.swarm.managers if node.host}

    def _turn_hosts(self) -> set[str]:
        """Return the hosts to read this time: all, or in a large cluster the managers and some others, in turn."""
        names = self._engines.names()
        others = [name for name in names if name not in self._managers]
        if len(others) <= MAX_OTHER_HOSTS:
            return set(names)
        start = self._next % len(others)
        self._next = start + MAX_OTHER_HOSTS
        return {*self._managers, *[*others, *others][start : start + MAX_OTHER_HOSTS]}

    def _read(self, query: FactsQuery) -> Facts:
        return self._reader.read(self._cluster, self._engines, query)

    def _with_late_hosts(self, facts: Facts) -> Facts:
        """Return the facts with the hosts that were not waited for: nothing is known of them this time."""
        hosts = {
            name: facts.hosts.get(name) or HostFacts(name, self._engines.address(name), NOT_WAITED_FOR)
            for name in self._engines.names()
        }
        return replace(facts, hosts=MappingProxyType(hosts))

    def _due(self, what: str, interval_s: float) -> bool:
        """Whether ``what`` must be read now: it was not read for ``interval_s`` seconds."""
        now = time.monotonic()
        if what in self._last and now - self._last[what] < interval_s:
            return False
        self._last[what] = now
        return True
