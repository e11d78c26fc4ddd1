"""The one way in: words → who may → audit → queue."""

from bot.gate.gate import Gate

__all__ = ["Gate"]
