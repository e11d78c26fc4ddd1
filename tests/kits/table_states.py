"""The states of tests/plans/states.yml on real engines, and the result of each table row there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from itertools import chain
from pathlib import Path
from time import sleep
from typing import Any

from bot.commands import Vocabulary
from bot.config import Config
from bot.engine.pool import EnginePool
from bot.errors import SwarmbotError
from bot.model import Facts, FactsQuery, HostFacts, HostFailure
from bot.swarm.quorum.members import ENGINE_DOWN
from bot.swarm.reading.facts_reader import FactsReader
from sandbox.fleet import Fleet
from tests.kits.orders import Bot
from tests.plans.description import Description
from tests.plans.files import STATES, cases, described
from tests.plans.outcome import ended, expected, outcome, read_words

Case = Mapping[str, Any]
EXCLUDED = re.compile(r"--autolock|unlock-key|^prune\b")
"""Commands for autolocked clusters, which tests/scenarios/test_unlock.py tests, and ``prune``: test_prune.py tests it.

Described hosts have no unused image; those of the fleet have one.
"""


class RealState:
    """A state on ``fleet``, read through new connections, which have no memory of earlier hosts."""

    def __init__(self, fleet: Fleet, state: str, pool: EnginePool, reader: FactsReader) -> None:
        self._fleet = fleet
        self._hosts: dict[str, Any] = STATES[state]["hosts"]
        self._cluster = pool.cluster("prod")
        self._reader = reader
        self.bot = Bot(self._cluster, self.read, sleep)

    def read(self, query: FactsQuery) -> Facts:
        """Return facts as jobs read them."""
        return self._reader.read("prod", self._cluster, query)

    def assert_rows(self) -> None:
        """Assert that each change has the result of its row, in all states with these hosts.

        Backups and probed routes are those of the descriptions: reading them is slow, and they have their own tests.
        """
        alike = {name for name, state in STATES.items() if state["hosts"] == self._hosts}
        rows = {name: (given, case) for name, given, case in cases() if case.get("state") in alike}
        queries = [query for given, case in rows.values() if (query := self._query(case)) is not None]
        facts = self._described_alike(self.read(replace(_merged(queries), probe=(), raft_state=True, backups=False)))
        found = {name: self._row(facts, given, case) for name, (given, case) in rows.items()}
        apart = [f"{name}\n said: {said}\n came: {came}" for name, (said, came) in found.items() if said != came]
        assert not apart, "\n".join(apart)

    def _words(self, case: Case) -> tuple[Any, Any]:
        return read_words(case["words"], Vocabulary("prod", tuple(self._hosts), nodes=tuple(self._hosts)))

    def _query(self, case: Case) -> FactsQuery | None:
        """Return the query of a change; None for questions, and for commands that cannot be parsed."""
        try:
            command, arguments = self._words(case)
        except SwarmbotError:
            return None
        changes = command.is_change(arguments) and not EXCLUDED.search(case["words"])
        return command.query(arguments) if changes else None

    def _row(self, facts: Facts, given: Mapping[str, Any], case: Case) -> tuple[Any, Any]:
        """Return the expected and the real result of the row; None for both if it is not a change."""
        try:
            command, arguments = self._words(case)
        except SwarmbotError as error:
            return expected(case, {}), ended(error)
        if self._query(case) is None:
            return None, None
        beside = Description.model_validate(described(given, case)).facts(command.query(arguments))
        needs = beside.force_approvals
        whole = replace(facts, backups=beside.backups, probed_routes=beside.probed_routes, force_approvals=needs)
        came = self._renamed(facts, outcome(command, whole, arguments, case))
        return expected(case, came), came

    def _described_alike(self, facts: Facts) -> Facts:
        """Return the facts without random parts: clock offsets, and which error an unreachable host has."""
        return replace(facts, hosts={name: self._host(host) for name, host in facts.hosts.items()})

    def _host(self, host: HostFacts) -> HostFacts:
        wanted = self._hosts[host.name]
        if host.failure is None or host.failure.problem not in ENGINE_DOWN or "happened" not in wanted:
            return replace(host, clock_offset=0.0)
        assert host.failure.next_step, "each failure of an engine says what to do"
        return replace(host, failure=HostFailure(wanted["failure"], wanted["happened"], wanted["next_step"]))

    def _renamed(self, facts: Facts, came: dict[str, Any]) -> dict[str, Any]:
        """Return the result with the ids and addresses of the descriptions."""
        text = json.dumps(came).replace("+dfsg1", "")  # Debian's builds say so
        if facts.swarm is not None:
            text = text.replace(facts.swarm.id, "prodid")
            for node in facts.swarm.nodes:
                text = text.replace(node.id, f"id-{node.host}")
        for name in self._hosts:
            text = re.sub(rf"\b{re.escape(self._fleet[name].address)}\b", f"10.0.0.{name.partition('-')[2]}", text)
        found: dict[str, Any] = json.loads(text)
        return found


def _merged(queries: Sequence[FactsQuery]) -> FactsQuery:
    """Return one query for everything that ``queries`` need. No row reads logs or a stack."""
    merged: dict[str, Any] = {}
    for field in fields(FactsQuery):
        wanted = [value for query in queries if (value := getattr(query, field.name)) is not None]
        if wanted:
            merged[field.name] = tuple(dict.fromkeys(chain(*wanted))) if isinstance(wanted[0], tuple) else max(wanted)
    return FactsQuery(**merged)


@contextmanager
def real_state(fleet: Fleet, state: str) -> Iterator[RealState]:
    """Yield a state that the hosts already have, through new connections."""
    pool = EnginePool(Config(**fleet.config(hosts=STATES[state]["hosts"])), Path("/nonexistent"))
    reader = FactsReader({})
    try:
        yield RealState(fleet, state, pool, reader)
    finally:
        reader.close()
        pool.close()
