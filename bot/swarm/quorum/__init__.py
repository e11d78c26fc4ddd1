"""The quorum of a cluster's managers: its arithmetic, its words, and the gate that every order passes."""

from bot.swarm.quorum.arithmetic import Quorum, count
from bot.swarm.quorum.gate import FORCE, FORCED_APPROVALS, judge, permit
from bot.swarm.quorum.membership import has_quorum, members_of, quorum_of
from bot.swarm.quorum.words import effect, failures, standing

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
