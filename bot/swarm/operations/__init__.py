"""The changes that can be made to a cluster, one file each."""

from bot.swarm.operations.availability import Drain, SetAvailability
from bot.swarm.operations.backup import AwaitManager, RestoreState, TakeBackup
from bot.swarm.operations.ca import AwaitCaRotation, AwaitCertificate, StartCaRotation
from bot.swarm.operations.drill import DrillBackup
from bot.swarm.operations.host_key import TrustHostKey
from bot.swarm.operations.images import PlannedImage, RemoveImages, images_query
from bot.swarm.operations.init import Init
from bot.swarm.operations.join import Join
from bot.swarm.operations.key_file import AwaitEncryptedKeyFile, CheckUnlockKey, DecryptKeyFile
from bot.swarm.operations.labels import LabelHost, LabelNode
from bot.swarm.operations.leave import Leave, RemoveNode
from bot.swarm.operations.moves import AddReplicas, MoveService, RestoreSpec
from bot.swarm.operations.networks import RegainNetworks
from bot.swarm.operations.old_versions import RemoveVersion
from bot.swarm.operations.pause_rollout import PauseRollout
from bot.swarm.operations.recover import HoldOff, LeaveLostCluster, Rejoin, RemoveOldRecords
from bot.swarm.operations.remove_service import RemoveService
from bot.swarm.operations.restart_stopped_swarm import RestartStoppedSwarm
from bot.swarm.operations.role import Demote, Promote
from bot.swarm.operations.run_job import CreateJob, RunJob
from bot.swarm.operations.secrets import RotateToken, RotateUnlockKey, secret_fingerprint
from bot.swarm.operations.services import ChangeService, ResumeUpdate, RollBackService
from bot.swarm.operations.stacks import AwaitService, DeployObject
from bot.swarm.operations.unlock import Unlock
from bot.swarm.operations.update import Update

__all__ = [
    "AddReplicas",
    "AwaitCaRotation",
    "AwaitCertificate",
    "AwaitEncryptedKeyFile",
    "AwaitManager",
    "AwaitService",
    "ChangeService",
    "CheckUnlockKey",
    "CreateJob",
    "DecryptKeyFile",
    "Demote",
    "DeployObject",
    "Drain",
    "DrillBackup",
    "HoldOff",
    "Init",
    "Join",
    "LabelHost",
    "LabelNode",
    "Leave",
    "LeaveLostCluster",
    "MoveService",
    "PauseRollout",
    "PlannedImage",
    "Promote",
    "RegainNetworks",
    "Rejoin",
    "RemoveImages",
    "RemoveNode",
    "RemoveOldRecords",
    "RemoveService",
    "RemoveVersion",
    "RestartStoppedSwarm",
    "RestoreSpec",
    "RestoreState",
    "ResumeUpdate",
    "RollBackService",
    "RotateToken",
    "RotateUnlockKey",
    "RunJob",
    "SetAvailability",
    "StartCaRotation",
    "TakeBackup",
    "TrustHostKey",
    "Unlock",
    "Update",
    "images_query",
    "secret_fingerprint",
]
