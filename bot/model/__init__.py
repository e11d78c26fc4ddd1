"""Facts, operations and plans: frozen data and pure functions."""

from bot.model.approval_basis import Basis, basis_of, differences
from bot.model.backups import BackedUpNode, Backup, BackupList, BackupStore, Drill
from bot.model.cluster import ClusterFacts, NodeFacts, Role
from bot.model.engine_api import Engine, Engines, JoinTokens, Json
from bot.model.facts import ClosedChannel, Facts, FactsQuery, Freeze, OpenChange, Revealed
from bot.model.host import (
    Certificate,
    HostFacts,
    HostFailure,
    HostKey,
    KeyFile,
    Membership,
    RaftPosition,
    StoppedEngine,
    TlsInfo,
)
from bot.model.network import (
    Counters,
    Interface,
    Mesh,
    OverlayTrial,
    ProbedRoute,
    Prober,
    Reach,
    Route,
    Transport,
    ip_of,
)
from bot.model.objects import NetworkFacts, StoredObject, VolumeFacts
from bot.model.operation import Operation
from bot.model.plan import EVERY_TRACK, Cost, Finding, Force, Plan, PlanTitles, Sign, Step
from bot.model.raft_members import RaftMembers, newcomer
from bot.model.service import Port, ServiceFacts, ServiceMode, TaskFacts, UpdateStatus

__all__ = [
    "EVERY_TRACK",
    "BackedUpNode",
    "Backup",
    "BackupList",
    "BackupStore",
    "Basis",
    "Certificate",
    "ClosedChannel",
    "ClusterFacts",
    "Cost",
    "Counters",
    "Drill",
    "Engine",
    "Engines",
    "Facts",
    "FactsQuery",
    "Finding",
    "Force",
    "Freeze",
    "HostFacts",
    "HostFailure",
    "HostKey",
    "Interface",
    "JoinTokens",
    "Json",
    "KeyFile",
    "Membership",
    "Mesh",
    "NetworkFacts",
    "NodeFacts",
    "OpenChange",
    "Operation",
    "OverlayTrial",
    "Plan",
    "PlanTitles",
    "Port",
    "ProbedRoute",
    "Prober",
    "RaftMembers",
    "RaftPosition",
    "Reach",
    "Revealed",
    "Role",
    "Route",
    "ServiceFacts",
    "ServiceMode",
    "Sign",
    "Step",
    "StoppedEngine",
    "StoredObject",
    "TaskFacts",
    "TlsInfo",
    "Transport",
    "UpdateStatus",
    "VolumeFacts",
    "basis_of",
    "differences",
    "ip_of",
    "newcomer",
]
