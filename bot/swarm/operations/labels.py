"""Set and remove labels of a node."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from bot.blocks import tick
from bot.errors import Failed
from bot.model import Engines, Facts, FactsQuery, Json, NodeFacts, Operation
from bot.swarm.operations.spec_updates import reading_manager, update_node_spec
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class LabelNode(Operation):
    """``labels`` (pairs of key and value) stand on the node ``node`` (its id), the keys ``removed`` do not.

    Other labels stay.
    """

    kind: ClassVar[str] = "label-node"

    node: str
    name: str
    labels: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def doing(self) -> str:
        """The step in words."""
        without = f" without {listed(map(tick, self.removed))}" if self.removed else ""
        return f"labelling `{self.name}`{self._with}{without}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        gone = [f"no label {tick(key)}" for key in self.removed]
        held = [tick(f"{key}={value}") for key, value in self.labels]
        return f"`{self.name}` has {listed([*held, *gone])}"

    @property
    def _with(self) -> str:
        held = listed(tick(f"{key}={value}") for key, value in self.labels)
        return f" {held}" if held else ""

    def changed(self, labels: Json) -> Json:
        """The labels as they are to be, from those that are there."""
        kept = {key: value for key, value in labels.items() if key not in self.removed}
        return {**kept, **dict(self.labels)}

    def record(self, node: NodeFacts) -> NodeFacts:
        """Its own node's, with other labels."""
        return replace(node, labels=self.changed(dict(node.labels))) if node.id == self.node else node

    def satisfied(self, facts: Facts) -> bool:
        """The record has them so."""
        record = facts.swarm.node(self.node) if facts.swarm else None
        return record is not None and self.holds(record)

    def holds(self, record: NodeFacts) -> bool:
        """Whether nothing of it is left to do on this record."""
        return self.changed(dict(record.labels)) == dict(record.labels)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change the labels in the record's spec; all else in it stays."""
        update_node_spec(
            reading_manager(engines, facts),
            self.node,
            lambda spec: {**spec, "Labels": self.changed(spec.get("Labels") or {})},
        )


@dataclass(frozen=True, slots=True)
class LabelHost(Operation):
    """``labels`` (pairs of key and value) stand on the node that ``host`` is; other labels stay."""

    kind: ClassVar[str] = "label-host"

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
        update_node_spec(
            engines[facts.swarm.read_from],
            node.id,
            lambda spec: {**spec, "Labels": {**(spec.get("Labels") or {}), **dict(self.labels)}},
        )
