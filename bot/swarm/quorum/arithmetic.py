"""Raft's arithmetic: how many managers there are, how many are needed, how many more may fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from bot.model import RaftMembers


@dataclass(frozen=True, slots=True)
class Quorum:
    """``managers`` counts the members of Raft, the unreachable included; ``reachable`` those that it hears now.

    A manager's record is not always a member of Raft: a failed join leaves one that never was, and
    ``force-new-cluster`` makes one of each other manager (measured on 20.10: role manager, no ManagerStatus).
    ``cut`` is by how many failures less it survives because not all of them reach each other; it survives more, and
    ``cut`` is negative, where after a failure another leader would hear whom this one does not.
    """

    managers: int
    reachable: int
    cut: int = 0

    @property
    def needed(self) -> int:
        """How many must be reachable: ⌊N/2⌋ + 1."""
        return self.managers // 2 + 1

    @property
    def tolerates(self) -> int:
        """How many more reachable managers may fail before the quorum is lost; negative when it is lost."""
        return self.reachable - self.needed - self.cut


def quorum_of(members: RaftMembers) -> Quorum:
    """The quorum that these members have: a leader counts those that it reaches and that reach it."""
    up = [node for node, reachable in members.reachable.items() if reachable]
    quorum = Quorum(len(members.reachable), _together(members, up))
    if not members.cut or quorum.tolerates < 0:
        return quorum
    tolerates = next(
        (
            failures - 1
            for failures in range(1, len(up) - quorum.needed + 1)
            if any(_together(members, left) < quorum.needed for left in combinations(up, len(up) - failures))
        ),
        len(up) - quorum.needed,
    )
    return replace(quorum, cut=quorum.tolerates - tolerates)


def _together(members: RaftMembers, nodes: Sequence[str]) -> int:
    """How many of ``nodes`` the best placed of them could lead."""
    heard = (sum(frozenset((node, other)) not in members.cut for other in nodes) for node in nodes)
    return max(heard, default=0)


def tolerance_text(number: int) -> str:
    """``tolerates 1 failure``."""
    return f"survives {max(0, number)} failure{'' if number == 1 else 's'}"


def quorum_change_text(before: Quorum, after: Quorum) -> str:
    """The change in words: "managers 2 → 3, survives 0 → 1 failures"."""
    text = f"managers {before.managers} → {after.managers}, "
    was, becomes = max(0, before.tolerates), max(0, after.tolerates)
    if was == becomes:
        return text + tolerance_text(becomes) + ", as before"
    return f"{text}survives {was} → {becomes} failures"


def quorum_text(quorum: Quorum) -> str:
    """How it stands: "2 of 3 managers reachable, 2 needed, survives 0 failures"."""
    tolerates = "no quorum" if quorum.tolerates < 0 else tolerance_text(quorum.tolerates)
    return f"{quorum.reachable} of {quorum.managers} managers reachable, {quorum.needed} needed, {tolerates}"
