"""The changes that can be made to a cluster, one file each."""

from bot.swarm.operations.availability import SetAvailability
from bot.swarm.operations.await_lock import AwaitLock
from bot.swarm.operations.ca import BeginRotation, EndRotation, RenewCertificate
from bot.swarm.operations.demote import Demote
from bot.swarm.operations.depart import Depart
from bot.swarm.operations.drain import Drain
from bot.swarm.operations.drill import DrillBackup
from bot.swarm.operations.forget import Forget
from bot.swarm.operations.hold_off import HoldOff
from bot.swarm.operations.init import Init
from bot.swarm.operations.join import Join
from bot.swarm.operations.label import Label
from bot.swarm.operations.leave import Leave
from bot.swarm.operations.open_key_file import OpenKeyFile
from bot.swarm.operations.place_state import PlaceState
from bot.swarm.operations.promote import Promote
from bot.swarm.operations.rejoin import Rejoin
from bot.swarm.operations.relabel import Relabel
from bot.swarm.operations.remove_node import RemoveNode
from bot.swarm.operations.take_backup import AwaitManager, TakeBackup
from bot.swarm.operations.tokens import RotateToken, fingerprint
from bot.swarm.operations.trust import Trust
from bot.swarm.operations.try_key import TryKey
from bot.swarm.operations.unlock import Unlock
from bot.swarm.operations.unlock_key import RotateUnlockKey
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
