"""The quorum of a cluster's managers: its arithmetic, its words, and the gate that every plan passes."""

from bot.swarm.quorum.arithmetic import (
    Quorum,
    managers_text,
    quorum_change_text,
    quorum_counts,
    quorum_of,
    quorum_text,
    tolerance_text,
)
from bot.swarm.quorum.members import has_quorum, known_leader, manager_states, raft_members, reported_quorum
from bot.swarm.quorum.quorum_gate import FORCE, FORCED_APPROVALS, judge_plan, permit_step

__all__ = [
    "FORCE",
    "FORCED_APPROVALS",
    "Quorum",
    "has_quorum",
    "judge_plan",
    "known_leader",
    "manager_states",
    "managers_text",
    "permit_step",
    "quorum_change_text",
    "quorum_counts",
    "quorum_of",
    "quorum_text",
    "raft_members",
    "reported_quorum",
    "tolerance_text",
]
