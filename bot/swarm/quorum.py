"""Raft's arithmetic: how many managers there are, how many are needed, how many more may fail."""

from __future__ import annotations

from dataclasses import dataclass

from bot.plan import ClusterFacts

PLENTY = 7
"""Docker's documentation advises no more managers than this."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """``managers`` counts the members of Raft, the unreachable included; ``reachable`` those that it hears now.

    A manager's record is not always a member of Raft: a failed join leaves one that never was, and
    ``force-new-cluster`` makes one of each other manager (measured on 20.10: role manager, no ManagerStatus).
    """

    managers: int
    reachable: int

    @property
    def needed(self) -> int:
        """How many must be reachable: ⌊N/2⌋ + 1."""
        return self.managers // 2 + 1

    @property
    def survives(self) -> int:
        """How many more reachable managers may fail before the quorum is lost; negative when it is lost."""
        return self.reachable - self.needed

    def after_joining(self, count: int) -> Quorum:
        """The quorum once ``count`` more reachable managers are in."""
        return Quorum(self.managers + count, self.reachable + count)


def quorum_of(swarm: ClusterFacts) -> Quorum:
    """The quorum as the managers see it now."""
    return Quorum(
        managers=sum(bool(node.reachability) for node in swarm.managers),
        reachable=sum(node.reachability == "reachable" for node in swarm.managers),
    )


def failures(count: int) -> str:
    """``survives 1 failure``."""
    return f"survives {max(0, count)} failure{'' if count == 1 else 's'}"


def effect(before: Quorum, after: Quorum) -> str:
    """The change in words: "managers 2 → 3, survives 0 → 1 failures"."""
    text = f"managers {before.managers} → {after.managers}, "
    was, becomes = max(0, before.survives), max(0, after.survives)
    if was == becomes:
        return text + failures(becomes) + ", as before"
    return f"{text}survives {was} → {becomes} failures"


def warnings_for(after: Quorum) -> tuple[str, ...]:
    """What to say of that many managers."""
    if after.managers > PLENTY:
        return (f"{after.managers} managers make every write slower; {PLENTY} are plenty.",)
    if after.managers % 2 == 0:
        return (f"{after.managers} managers survive no more failures than {after.managers - 1}: add another.",)
    return ()
