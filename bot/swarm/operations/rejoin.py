"""Bring a manager that left back into the recovered cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation
from bot.swarm.health.lost_quorum import goes_on
from bot.swarm.health.preflight import preflight
from bot.swarm.operations.join import Join


@dataclass(frozen=True, slots=True)
class Rejoin(Operation):
    """``host`` a reachable manager of the cluster that ``keeper`` is in.

    A :class:`Join` whose cluster is known only when it comes to it: without a quorum no engine tells the cluster's id.
    """

    kind: ClassVar[str] = "rejoin"
    patience: ClassVar[float] = 60.0

    host: str
    cluster: str
    keeper: str
    advertise_addr: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` joining {self.cluster} as a manager again"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` is a reachable manager of {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """The host closely, and the one that it joins."""
        return FactsQuery(hosts=(self.keeper,), probe=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """As a join is, into the cluster that the keeper is in."""
        return goes_on(facts, self.keeper) and self._join(facts).satisfied(facts)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Look once more whether it can, then join."""
        if not goes_on(facts, self.keeper):
            raise Failed(f"{self.cluster} cannot be read as the cluster that `{self.keeper}` is in.")
        findings = preflight(facts, facts.host(self.host), "manager")
        if stops := [finding for finding in findings if finding.sign == "failed"]:
            raise Failed(stops[0].text, true_now=f"`{self.host}` is in no cluster.", next_step=stops[0].next_step)
        self._join(facts).apply(engines, facts)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """As of a join."""
        if not goes_on(facts, self.keeper):
            return Failed(error.happened, true_now=error.true_now, next_step=error.next_step or "`/swarm status`")
        return self._join(facts).settle(engines, facts, error)

    def _join(self, facts: Facts) -> Join:
        return Join(self.host, "manager", self.cluster, facts.cluster_id, self.advertise_addr)
