"""The changes that can be made to a cluster, one file each."""

from bot.swarm.operations.drill import DrillBackup
from bot.swarm.operations.external_ca import UseExternalCa
from bot.swarm.operations.init import Init
from bot.swarm.operations.join import Join
from bot.swarm.operations.label import Label
from bot.swarm.operations.place_state import PlaceState
from bot.swarm.operations.promote import Promote
from bot.swarm.operations.take_backup import AwaitManager, TakeBackup
from bot.swarm.operations.tokens import RotateToken, fingerprint

__all__ = [
    "AwaitManager",
    "DrillBackup",
    "Init",
    "Join",
    "Label",
    "PlaceState",
    "Promote",
    "RotateToken",
    "TakeBackup",
    "UseExternalCa",
    "fingerprint",
]
