"""Facts, operations and plans: frozen data and pure functions."""

from bot.plan.backups import BackedUpNode, Backup, Drill, Shelf, Shelved
from bot.plan.basis import Basis, basis_of, differences
from bot.plan.endpoint import ip_of
from bot.plan.facts import ClusterFacts, Facts, NodeFacts, Revealed, Role
from bot.plan.freeze import Freeze
from bot.plan.host import HostFacts, Membership, RaftPosition, Trouble
from bot.plan.host_keys import HostKey
from bot.plan.key_file import KeyFile
from bot.plan.members import Members, newcomer
from bot.plan.mesh import Mesh, OverlayTrial
from bot.plan.operation import Look, Operation, operation_from_json
from bot.plan.passages import Passage, Way
from bot.plan.plan import Finding, Force, Plan, Sign, Step, plan_from_json
from bot.plan.ports import Engine, Engines, JoinTokens, Json
from bot.plan.probing import Counters, Interface, Prober, Reach, Transport
from bot.plan.stopped import StoppedEngine
from bot.plan.tls import Certificate, TlsInfo
from bot.plan.workload import ServiceFacts, TaskFacts

__all__ = [
    "BackedUpNode",
    "Backup",
    "Basis",
    "Certificate",
    "ClusterFacts",
    "Counters",
    "Drill",
    "Engine",
    "Engines",
    "Facts",
    "Finding",
    "Force",
    "Freeze",
    "HostFacts",
    "HostKey",
    "Interface",
    "JoinTokens",
    "Json",
    "KeyFile",
    "Look",
    "Members",
    "Membership",
    "Mesh",
    "NodeFacts",
    "Operation",
    "OverlayTrial",
    "Passage",
    "Plan",
    "Prober",
    "RaftPosition",
    "Reach",
    "Revealed",
    "Role",
    "ServiceFacts",
    "Shelf",
    "Shelved",
    "Sign",
    "Step",
    "StoppedEngine",
    "TaskFacts",
    "TlsInfo",
    "Transport",
    "Trouble",
    "Way",
    "basis_of",
    "differences",
    "ip_of",
    "newcomer",
    "operation_from_json",
    "plan_from_json",
]
