"""The forms of each command that need somebody's yes, as its declaration has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.commands.command import COMMANDS, Command, Flag


def default_counts() -> dict[str, int]:
    """By subject, how many must say yes unless swarmbot.yml says otherwise, by words or by facts; none for nobody."""
    counts: dict[str, int] = {}
    for command in COMMANDS.values():
        for arguments in _forms(command):
            if needed := command.approval(arguments):
                subject = command.subject(arguments)
                counts[subject] = max(needed, counts.get(subject, 0))
        for subject, raised in command.raises.items():
            counts[subject] = max(raised.count, counts.get(subject, 0))
    return counts


def conditions() -> dict[str, str]:
    """By subject, what facts must show before anybody is asked, unless swarmbot.yml names a count for it."""
    return {
        name: raised.when for command in COMMANDS.values() for name, raised in command.raises.items() if raised.when
    }


def _forms(command: Command) -> Iterator[Any]:
    """The plainest order, of a choice of roles the manager's; then with each switch by itself."""
    required = {parameter.name: "manager" for parameter in command.parameters if parameter.required}
    yield command.arguments(**required)
    for parameter in command.parameters:
        if isinstance(parameter.spec, Flag) and parameter.spec.kind is None:
            yield command.arguments(**required, **{parameter.name: True})
