"""Raft's arithmetic: how many managers exist, are needed and may fail; and the same in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from bot.model import RaftMembers
from bot.text.suggest import number_of, part_of


@dataclass(frozen=True, slots=True)
class Quorum:
    """A count of Raft members.

    A manager record in the node list is not always a Raft member: a failed join leaves a record that never was one,
    and ``force-new-cluster`` turns every other manager into one (measured on 20.10: role manager, no ManagerStatus).
    """

    managers: int
    """Members of Raft, including unreachable ones."""
    reachable: int
    """Members that the best-placed manager hears now."""
    cut: int = 0
    """How many fewer failures the cluster tolerates because some managers do not reach each other.

    Negative if it tolerates more: after a failure, another leader may hear managers that the present one does not.
    """

    @property
    def needed(self) -> int:
        """Return how many managers must be reachable: ⌊N/2⌋ + 1."""
        return self.managers // 2 + 1

    @property
    def tolerates(self) -> int:
        """Return how many more managers may fail before quorum is lost; negative if it is lost already."""
        return self.reachable - self.needed - self.cut


def quorum_of(members: RaftMembers) -> Quorum:
    """Return the quorum of these members. A leader counts the members that it reaches and that reach it."""
    up = [node for node, reachable in members.reachable.items() if reachable]
    quorum = Quorum(len(members.reachable), _largest_group(members, up))
    if not members.cut or quorum.tolerates < 0:
        return quorum
    tolerates = next(
        (
            failures - 1
            for failures in range(1, len(up) - quorum.needed + 1)
            if any(_largest_group(members, left) < quorum.needed for left in combinations(up, len(up) - failures))
        ),
        len(up) - quorum.needed,
    )
    return replace(quorum, cut=quorum.tolerates - tolerates)


def tolerance_text(failures: int) -> str:
    """Return ``tolerates 1 failure``; a negative number counts as none."""
    if failures <= 0:
        return "tolerates no failure"
    return f"tolerates {number_of(failures, 'failure')}"


def quorum_change_text(before: Quorum, after: Quorum) -> str:
    """Return the change in words: ``managers 2 → 3, tolerates 0 → 1 failure``."""
    text = f"managers {before.managers} → {after.managers}, "
    was, becomes = max(0, before.tolerates), max(0, after.tolerates)
    if was == becomes:
        return f"{text}still {tolerance_text(becomes)}"
    return f"{text}tolerates {was} → {becomes} failure{'' if becomes == 1 else 's'}"


def quorum_text(quorum: Quorum) -> str:
    """Return the state in words: ``2 of 3 managers reachable, 2 needed, tolerates no failure``."""
    state = "no quorum" if quorum.tolerates < 0 else tolerance_text(quorum.tolerates)
    return f"{quorum_counts(quorum)}, {state}"


def managers_text(quorum: Quorum) -> str:
    """Return how many managers are reachable: ``1 of 3 managers``."""
    return part_of(quorum.reachable, quorum.managers, "manager")


def quorum_counts(quorum: Quorum) -> str:
    """Return the counts alone: ``1 of 3 managers reachable, 2 needed``."""
    return f"{managers_text(quorum)} reachable, {quorum.needed} needed"


def _largest_group(members: RaftMembers, nodes: Sequence[str]) -> int:
    """Return how many of ``nodes`` the best-placed one of them hears, itself included."""
    heard = (sum(frozenset((node, other)) not in members.cut for other in nodes) for node in nodes)
    return max(heard, default=0)
