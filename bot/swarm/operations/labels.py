"""Set and remove labels of a node. Labels that are not named stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from bot.blocks import cut_short, tick
from bot.errors import Failed
from bot.model import Engines, Facts, FactsQuery, Json, NodeFacts, Operation
from bot.swarm.operations.spec_updates import reading_manager, record_of, update_node_spec
from bot.text.suggest import listed

Labels = tuple[tuple[str, str], ...]
"""Pairs of key and value."""
MAX_LABEL_CHARS: Final = 100
"""Only this much of a label is shown: it may have thousands of characters."""


@dataclass(frozen=True, slots=True)
class LabelNode(Operation):
    """Set and remove labels of a node of the cluster."""

    kind: ClassVar[str] = "label-node"

    node: str
    """The node's id."""
    name: str
    labels: Labels = ()
    removed: tuple[str, ...] = ()
    """The keys of the labels to remove."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        changes = [f"setting {listed(_shown(self.labels))}"] if self.labels else []
        changes += [f"removing {listed(map(tick, self.removed))}"] if self.removed else []
        return f"{listed(changes)} on `{self.name}`"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        gone = [f"no label {tick(key)}" for key in self.removed]
        return f"`{self.name}` has {listed([*_shown(self.labels), *gone])}"

    def changed(self, labels: Json) -> Json:
        """Return the wanted labels, made from the node's present ``labels``."""
        remaining = {key: value for key, value in labels.items() if key not in self.removed}
        return {**remaining, **dict(self.labels)}

    def record(self, node: NodeFacts) -> NodeFacts:
        """Return the node's record with the wanted labels."""
        return replace(node, labels=self.changed(dict(node.labels))) if node.id == self.node else node

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the node has the wanted labels."""
        record = record_of(facts, self.node)
        return record is not None and self.holds(record)

    def holds(self, record: NodeFacts) -> bool:
        """Return whether this record has the wanted labels."""
        return self.changed(dict(record.labels)) == dict(record.labels)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Change only the labels in the node's spec."""
        update_node_spec(
            reading_manager(engines, facts),
            self.node,
            lambda spec: {**spec, "Labels": self.changed(spec.get("Labels") or {})},
        )


@dataclass(frozen=True, slots=True)
class LabelHost(Operation):
    """Set labels of the node of ``host``. The plan may be older than the node, so its id is not known when planning."""

    kind: ClassVar[str] = "label-host"

    host: str
    labels: Labels

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"setting {listed(_shown(self.labels))} on `{self.host}`"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.host}` has {listed(_shown(self.labels))}"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the host, which reports its node id."""
        return FactsQuery(hosts=(self.host,))

    def record(self, node: NodeFacts) -> NodeFacts:
        """Return the record of the host's node with the labels added."""
        return replace(node, labels={**node.labels, **dict(self.labels)}) if node.host == self.host else node

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the node has each label."""
        node = facts.member(self.host)
        return node is not None and dict(self.labels).items() <= dict(node.labels).items()

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Add the labels to those in the node's spec."""
        node = facts.member(self.host)
        if facts.swarm is None or node is None:
            raise Failed(f"`{self.host}` is not a member of {facts.name}.", true_now="No label was set.")
        update_node_spec(
            engines[facts.swarm.read_from],
            node.id,
            lambda spec: {**spec, "Labels": {**(spec.get("Labels") or {}), **dict(self.labels)}},
        )


def shown_label(key: str, value: str) -> str:
    """Return a label in backticks; if it is long, its beginning and its length."""
    text = f"{key}={value}"
    if len(text) <= MAX_LABEL_CHARS:
        return tick(text)
    return f"{tick(cut_short(text, MAX_LABEL_CHARS))} ({len(text):,} characters)"


def _shown(labels: Iterable[tuple[str, str]]) -> list[str]:
    return [shown_label(key, value) for key, value in labels]
