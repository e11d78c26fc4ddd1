"""Whether a change that waits for a decision may be why an order about the same host is refused or fails."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from bot.blocks import tick
from bot.execution.open_changes import change_text
from bot.model import OpenChange

QUESTIONS: Final = frozenset({"check", "node"})
"""Commands that advice names with a host and that change nothing: they do not conflict with a change."""


def next_step_with(waiting: Iterable[OpenChange], named: Collection[str], happened: str, next_step: str) -> str:
    """Return the next step of an order that names these hosts and nodes.

    A change that waits takes the place of advice to change the same host in another way. Other advice stays.
    """
    names = [name for name in named if tick(name) in happened or _advised(name, next_step)]
    for change in waiting:
        if shared := [name for name in names if name in change.names]:
            waits = f"{change_text(change)} {_waits(change)}"
            if not next_step or any(_advised(name, next_step) for name in shared):
                return f"{waits}. Run this again when it has ended."
            return f"{next_step} {waits}: if that is the cause, run this again when it has ended."
    return next_step


def _advised(name: str, next_step: str) -> bool:
    """Return whether a change of this host is advised."""
    commands = re.findall(rf"`/swarm ([a-z-]+)\b[^`]*(?<![\w.-]){re.escape(name)}(?![\w.-])[^`]*`", next_step)
    return any(command not in QUESTIONS for command in commands)


def _waits(change: OpenChange) -> str:
    return "waits for approval" if change.state == "awaiting approval" else "waits for its requester to confirm it"
