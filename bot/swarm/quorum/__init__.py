"""The quorum of a cluster's managers: its arithmetic, its words, and the gate that every order passes."""

from bot.swarm.quorum.arithmetic import Quorum, count, effect, failures, standing
from bot.swarm.quorum.quorum_gate import FORCE, FORCED_APPROVALS, judge, permit
from bot.swarm.quorum.raft_members import has_quorum, members_of, quorum_of

__all__ = [
    "FORCE",
    "FORCED_APPROVALS",
    "Quorum",
    "count",
    "effect",
    "failures",
    "has_quorum",
    "judge",
    "members_of",
    "permit",
    "quorum_of",
    "standing",
]
