"""Labels of a node."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from bot.blocks import tick
from bot.errors import Failed
from bot.model import Engines, Facts, FactsQuery, NodeFacts, Operation
from bot.swarm.operations.records import update_record


@dataclass(frozen=True, slots=True)
class Label(Operation):
    """``labels`` (pairs of key and value) stand on the node that ``host`` is; other labels stay."""

    kind: ClassVar[str] = "label"

    host: str
    labels: tuple[tuple[str, str], ...]

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` labelled {self._shown}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` has {self._shown}"

    @property
    def _shown(self) -> str:
        return ", ".join(tick(f"{key}={value}") for key, value in self.labels)

    @property
    def query(self) -> FactsQuery:
        """The host tells its node id."""
        return FactsQuery(hosts=(self.host,))

    def record(self, node: NodeFacts) -> NodeFacts:
        """That of its host, with the labels too."""
        return replace(node, labels={**node.labels, **dict(self.labels)}) if node.host == self.host else node

    def satisfied(self, facts: Facts) -> bool:
        """Each label stands on the record."""
        node = facts.member(self.host)
        return node is not None and dict(self.labels).items() <= dict(node.labels).items()

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Merge the labels into the record's own."""
        node = facts.member(self.host)
        if facts.swarm is None or node is None:
            raise Failed(f"`{self.host}` is not a member of {facts.name}.", true_now="No label was set.")
        update_record(
            engines[facts.swarm.read_from],
            node.id,
            lambda spec: {**spec, "Labels": {**(spec.get("Labels") or {}), **dict(self.labels)}},
        )
