"""Freezes: times in which a change needs one yes more, by somebody's word or by swarmbot.yml."""

from bot.freeze.freezes import Freeze, Freezes, freeze_line
from bot.freeze.orders import carry_out

__all__ = ["Freeze", "Freezes", "carry_out", "freeze_line"]
