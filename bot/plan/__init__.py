"""Facts, operations and plans: frozen data and pure functions."""

from bot.plan.basis import Basis, basis_of, differences
from bot.plan.facts import (
    ClusterFacts,
    Facts,
    HostFacts,
    Membership,
    NodeFacts,
    Revealed,
    Role,
    ServiceFacts,
    Trouble,
)
from bot.plan.operation import Look, Operation, operation_from_json
from bot.plan.plan import Finding, Plan, Sign, Step, merge_looks, plan_from_json
from bot.plan.ports import Engine, Engines, Interface, JoinTokens, Json, Reach
from bot.plan.trust import Certificate, Trust

__all__ = [
    "Basis",
    "Certificate",
    "ClusterFacts",
    "Engine",
    "Engines",
    "Facts",
    "Finding",
    "HostFacts",
    "Interface",
    "JoinTokens",
    "Json",
    "Look",
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
    "Trouble",
    "Trust",
    "basis_of",
    "differences",
    "merge_looks",
    "operation_from_json",
    "plan_from_json",
]
