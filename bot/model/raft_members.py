"""The members of Raft before and after each step of a plan, and which of them are reachable. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class RaftMembers:
    """The members of Raft."""

    reachable: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    """By node id, whether it is reachable. A host that has not joined yet is ``host NAME``."""
    cut: frozenset[frozenset[str]] = frozenset()
    """Pairs of members that do not reach each other, even if a third member reaches both."""

    def joined(self, node: str) -> RaftMembers:
        """Return the members with one more, which is reachable."""
        return replace(self, reachable=MappingProxyType({**self.reachable, node: True}))

    def left(self, node: str) -> RaftMembers:
        """Return the members without ``node``."""
        return replace(
            self, reachable=MappingProxyType({each: up for each, up in self.reachable.items() if each != node})
        )

    def stopped(self, node: str) -> RaftMembers:
        """Return the members with ``node`` unreachable: it still counts for the quorum."""
        return self._seen(node, up=False)

    def returned(self, node: str) -> RaftMembers:
        """Return the members with ``node`` reachable again."""
        return self._seen(node, up=True)

    def _seen(self, node: str, *, up: bool) -> RaftMembers:
        if node not in self.reachable:
            return self
        return replace(self, reachable=MappingProxyType({**self.reachable, node: up}))


def newcomer(host: str) -> str:
    """Return the name of a host among the members before it has a node id."""
    return f"host {host}"
