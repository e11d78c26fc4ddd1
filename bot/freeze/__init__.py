"""Freezes: periods in which every change of a cluster needs one more approval."""

from bot.freeze.commands import run_freeze_command
from bot.freeze.freezes import Freezes

__all__ = ["Freezes", "run_freeze_command"]
