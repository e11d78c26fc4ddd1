"""Facts, operations and plans: frozen data and pure functions."""

from bot.plan.basis import Basis, basis_of, differences
from bot.plan.facts import (
    Certificate,
    ClusterFacts,
    Facts,
    HostFacts,
    Membership,
    NodeFacts,
    Revealed,
    Role,
    Trouble,
)
from bot.plan.members import Members, newcomer
from bot.plan.operation import Look, Operation, operation_from_json
from bot.plan.plan import Finding, Force, Plan, Sign, Step, merge_looks, plan_from_json
from bot.plan.ports import Engine, Engines, Interface, JoinTokens, Json, Reach
from bot.plan.workload import ServiceFacts, TaskFacts

__all__ = [
    "Basis",
    "Certificate",
    "ClusterFacts",
    "Engine",
    "Engines",
    "Facts",
    "Finding",
    "Force",
    "HostFacts",
    "Interface",
    "JoinTokens",
    "Json",
    "Look",
    "Members",
    "Membership",
    "NodeFacts",
    "Operation",
    "Plan",
    "Reach",
    "Revealed",
    "Role",
    "ServiceFacts",
    "Sign",
    "Step",
    "TaskFacts",
    "Trouble",
    "basis_of",
    "differences",
    "merge_looks",
    "newcomer",
    "operation_from_json",
    "plan_from_json",
]
