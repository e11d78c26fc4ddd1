"""The members of Raft while a plan goes on: who there is, and who is reachable. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class RaftMembers:
    """Node ids of Raft's members, each with whether it is reachable. A host that is yet to join is ``host NAME``.

    ``cut``: pairs of members that do not reach each other, though a third may reach both.
    """

    reachable: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    cut: frozenset[frozenset[str]] = frozenset()

    def joined(self, node: str) -> RaftMembers:
        """With one more, reachable."""
        return replace(self, reachable=MappingProxyType({**self.reachable, node: True}))

    def left(self, node: str) -> RaftMembers:
        """Without it."""
        return replace(
            self, reachable=MappingProxyType({each: up for each, up in self.reachable.items() if each != node})
        )

    def stopped(self, node: str) -> RaftMembers:
        """It counts still, and does not answer."""
        return self._seen(node, up=False)

    def returned(self, node: str) -> RaftMembers:
        """It answers again."""
        return self._seen(node, up=True)

    def _seen(self, node: str, *, up: bool) -> RaftMembers:
        if node not in self.reachable:
            return self
        return replace(self, reachable=MappingProxyType({**self.reachable, node: up}))


def newcomer(host: str) -> str:
    """What a host is called among the members before it has a node id."""
    return f"host {host}"
