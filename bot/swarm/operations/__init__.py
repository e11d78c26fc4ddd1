"""The changes that can be made to a cluster, one file each."""

from bot.swarm.operations.external_ca import UseExternalCa
from bot.swarm.operations.init import Init
from bot.swarm.operations.join import Join
from bot.swarm.operations.label import Label
from bot.swarm.operations.promote import Promote
from bot.swarm.operations.tokens import RotateToken, fingerprint
from bot.swarm.operations.trust import Trust

__all__ = ["Init", "Join", "Label", "Promote", "RotateToken", "Trust", "UseExternalCa", "fingerprint"]
