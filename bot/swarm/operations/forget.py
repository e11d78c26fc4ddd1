"""Remove the records that a manager left behind when it left a cluster without a quorum: ``DELETE /nodes/{id}``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed
from bot.model import Engines, Facts, FactsQuery, NodeFacts, Operation
from bot.swarm.operations.records import remove_record


@dataclass(frozen=True, slots=True)
class Forget(Operation):
    """No record of ``host`` but that of its present membership. ``node``: the id that it had, "" if not known.

    Only of a host that was seen to have left, or to be held off. The record of an old manager that may come back is
    what keeps the cluster one: through it the manager is told that it is out and is taken in anew; two without records
    make a second cluster (docs/decisions/0015).
    """

    kind: ClassVar[str] = "forget"

    host: str
    node: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"removing the old record of `{self.host}`"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"{self.cluster} has no old record of `{self.host}`"

    @property
    def query(self) -> FactsQuery:
        """The host, with its interfaces: records are told by address too."""
        return FactsQuery(probe=(self.host,), stopped=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """The cluster is read and has none."""
        return facts.swarm is not None and self._is_out(facts) and not self._old(facts)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Remove them."""
        if facts.swarm is None or not self._is_out(facts):
            raise Failed(
                f"{self.cluster} or `{self.host}` could not be read.",
                true_now=f"The old record of `{self.host}` stays.",
                next_step=f"Once `{self.host}` answers: `/swarm join manager {self.host}`.",
            )
        for node in self._old(facts):
            remove_record(engines[facts.swarm.read_from], node)

    def _is_out(self, facts: Facts) -> bool:
        """Whether its engine tells its membership, or its disk tells that it will have none."""
        host = facts.hosts.get(self.host)
        return host is not None and (host.answers or (host.stopped is not None and host.stopped.held_off))

    def _old(self, facts: Facts) -> list[NodeFacts]:
        """Records that are not of its present membership; where the quorum came back unforced, it is in Raft still."""
        host = facts.host(self.host)
        addresses = {host.address, *(address for card in host.interfaces for address in card.addresses)}
        present = host.node_id if host.membership != "inactive" else ""
        return [
            node
            for node in (facts.swarm.managers if facts.swarm else ())
            if node.reachability != "reachable"
            and node.id != present
            and (node.id == self.node or (node.hostname == host.hostname and node.address in addresses))
        ]
