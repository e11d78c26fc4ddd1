"""The changes that can be made to a cluster, one file each."""

from bot.swarm.operations.availability import Drain, SetAvailability
from bot.swarm.operations.backup import AwaitManager, PlaceState, TakeBackup
from bot.swarm.operations.ca import BeginRotation, EndRotation, RenewCertificate
from bot.swarm.operations.drill import DrillBackup
from bot.swarm.operations.host_key import Trust
from bot.swarm.operations.init import Init
from bot.swarm.operations.join import Join
from bot.swarm.operations.key_file import AwaitLock, OpenKeyFile, TryKey
from bot.swarm.operations.labels import Label, Relabel
from bot.swarm.operations.leave import Leave, RemoveNode
from bot.swarm.operations.recover import Depart, Forget, HoldOff, Rejoin
from bot.swarm.operations.role import Demote, Promote
from bot.swarm.operations.secrets import RotateToken, RotateUnlockKey, fingerprint
from bot.swarm.operations.unlock import Unlock
from bot.swarm.operations.update import Update

__all__ = [
    "AwaitLock",
    "AwaitManager",
    "BeginRotation",
    "Demote",
    "Depart",
    "Drain",
    "DrillBackup",
    "EndRotation",
    "Forget",
    "HoldOff",
    "Init",
    "Join",
    "Label",
    "Leave",
    "OpenKeyFile",
    "PlaceState",
    "Promote",
    "Rejoin",
    "Relabel",
    "RemoveNode",
    "RenewCertificate",
    "RotateToken",
    "RotateUnlockKey",
    "SetAvailability",
    "TakeBackup",
    "Trust",
    "TryKey",
    "Unlock",
    "Update",
    "fingerprint",
]
