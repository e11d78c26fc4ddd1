"""Facts, operations and plans: frozen data and pure functions."""

from bot.model.approval_basis import Basis, basis_of, differences
from bot.model.backups import BackedUpNode, Backup, BackupList, BackupStore, Drill
from bot.model.endpoint import ip_of
from bot.model.engine_api import Engine, Engines, JoinTokens, Json
from bot.model.facts import ClusterFacts, Facts, NodeFacts, Revealed, Role
from bot.model.freeze import Freeze
from bot.model.host import HostFacts, HostFailure, Membership, RaftPosition
from bot.model.host_keys import HostKey
from bot.model.key_file import KeyFile
from bot.model.members import RaftMembers, newcomer
from bot.model.mesh import Mesh, OverlayTrial
from bot.model.operation import FactsQuery, Operation
from bot.model.plan import Finding, Force, Plan, PlanTitles, Sign, Step
from bot.model.probing import Counters, Interface, Prober, Reach, Transport
from bot.model.reachability import ProbedRoute, Route
from bot.model.stopped import StoppedEngine
from bot.model.tls import Certificate, TlsInfo
from bot.model.workload import ServiceFacts, TaskFacts

__all__ = [
    "BackedUpNode",
    "Backup",
    "BackupList",
    "BackupStore",
    "Basis",
    "Certificate",
    "ClusterFacts",
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
    "NodeFacts",
    "Operation",
    "OverlayTrial",
    "Plan",
    "PlanTitles",
    "ProbedRoute",
    "Prober",
    "RaftMembers",
    "RaftPosition",
    "Reach",
    "Revealed",
    "Role",
    "Route",
    "ServiceFacts",
    "Sign",
    "Step",
    "StoppedEngine",
    "TaskFacts",
    "TlsInfo",
    "Transport",
    "basis_of",
    "differences",
    "ip_of",
    "newcomer",
]
