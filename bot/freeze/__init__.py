"""Freezes: times in which a change needs one yes more, by somebody's word or by swarmbot.yml."""

from bot.freeze.freezes import Freezes
from bot.freeze.orders import Ordered, carry_out

__all__ = ["Freezes", "Ordered", "carry_out"]
