"""The quorum in words."""

from __future__ import annotations

from bot.swarm.quorum.arithmetic import Quorum


def failures(count: int) -> str:
    """``tolerates 1 failure``."""
    return f"survives {max(0, count)} failure{'' if count == 1 else 's'}"


def effect(before: Quorum, after: Quorum) -> str:
    """The change in words: "managers 2 → 3, survives 0 → 1 failures"."""
    text = f"managers {before.managers} → {after.managers}, "
    was, becomes = max(0, before.tolerates), max(0, after.tolerates)
    if was == becomes:
        return text + failures(becomes) + ", as before"
    return f"{text}survives {was} → {becomes} failures"


def standing(quorum: Quorum) -> str:
    """How it stands: "2 of 3 managers reachable, 2 needed, survives 0 failures"."""
    tolerates = "no quorum" if quorum.tolerates < 0 else failures(quorum.tolerates)
    return f"{quorum.reachable} of {quorum.managers} managers reachable, {quorum.needed} needed, {tolerates}"
