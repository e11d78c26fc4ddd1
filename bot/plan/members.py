"""The members of Raft while a plan goes on: who there is, and who is reachable. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Members:
    """Node ids of Raft's members, each with whether it is reachable. A host that is yet to join is ``host NAME``."""

    reachable: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))

    def joined(self, node: str) -> Members:
        """With one more, reachable."""
        return Members(MappingProxyType({**self.reachable, node: True}))

    def left(self, node: str) -> Members:
        """Without it."""
        return Members(MappingProxyType({each: up for each, up in self.reachable.items() if each != node}))

    def stopped(self, node: str) -> Members:
        """It counts still, and does not answer."""
        return Members(MappingProxyType({**self.reachable, node: False})) if node in self.reachable else self

    def returned(self, node: str) -> Members:
        """It answers again."""
        return Members(MappingProxyType({**self.reachable, node: True})) if node in self.reachable else self


def newcomer(host: str) -> str:
    """What a host is called among the members before it has a node id."""
    return f"host {host}"
