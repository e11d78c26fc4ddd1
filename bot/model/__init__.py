"""Facts, operations and plans: frozen data and pure functions."""

from bot.model.approval_basis import Basis, basis_of, differences
from bot.model.backups import BackedUpNode, Backup, Drill, Shelf, Shelved
from bot.model.endpoint import ip_of
from bot.model.engine_api import Engine, Engines, JoinTokens, Json
from bot.model.facts import ClusterFacts, Facts, NodeFacts, Revealed, Role
from bot.model.freeze import Freeze
from bot.model.host import HostFacts, Membership, RaftPosition, Trouble
from bot.model.host_keys import HostKey
from bot.model.key_file import KeyFile
from bot.model.members import Members, newcomer
from bot.model.mesh import Mesh, OverlayTrial
from bot.model.operation import Look, Operation, operation_from_json
from bot.model.plan import Finding, Force, Plan, Sign, Step, plan_from_json
from bot.model.probing import Counters, Interface, Prober, Reach, Transport
from bot.model.reachability import Passage, Way
from bot.model.stopped import StoppedEngine
from bot.model.tls import Certificate, TlsInfo
from bot.model.workload import ServiceFacts, TaskFacts

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
