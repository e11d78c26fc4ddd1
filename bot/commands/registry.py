"""Every command of Swarmbot by name. :func:`handlers.registry` makes it; wiring passes it to the parts that need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from bot.blocks import echo
from bot.commands.command import GROUPS, NEVER_SUGGESTED, Command, Group
from bot.commands.grammar import usage_text
from bot.commands.synonyms import CONTAINER_COMMANDS
from bot.errors import NotUnderstood
from bot.text.suggest import did_you_mean, similar


class CommandRegistry(Mapping[str, Command]):
    """The commands by name: by group, and inside a group in the order in which they were given."""

    def __init__(self, commands: Iterable[Command]) -> None:
        """Raise ValueError if two commands have the same name."""
        self._commands: dict[str, Command] = {}
        for command in sorted(commands, key=lambda command: GROUPS.index(command.group)):
            if command.name in self._commands:
                raise ValueError(f"two commands are called {command.name!r}")
            self._commands[command.name] = command

    def __getitem__(self, name: str) -> Command:
        return self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)

    def find(self, name: str) -> Command:
        """Return the command called ``name``.

        Raises NotUnderstood, which suggests similar names, but never a command that may cost the quorum or deletes
        something permanently: a person in a hurry must not confuse ``resume`` with ``remove``.
        """
        if name in self._commands:
            return self._commands[name]
        if name == "docker" or name in CONTAINER_COMMANDS:
            raise NotUnderstood(
                "Swarmbot does not manage single containers.",
                next_step="`/swarm node NODE` shows the tasks of a node; `/swarm drain NODE` takes them off it. "
                "`/swarm help` lists all commands.",
            )
        near = [each for each in similar(name, self._commands) if self._commands[each].risk not in NEVER_SUGGESTED]
        meant = did_you_mean(name, near, "/swarm ")
        usage = f"Usage: {usage_text(self._commands[near[0]])}. " if len(near) == 1 else ""
        raise NotUnderstood(
            f"Unknown command {echo(name)}.{meant}", next_step=f"{usage}`/swarm help` lists all commands."
        )

    def groups(self) -> Iterator[tuple[Group, list[Command]]]:
        """Yield each group that has commands, with its commands."""
        for group, commands in groupby(self._commands.values(), key=lambda command: command.group):
            yield group, list(commands)

    def approval_counts(self) -> dict[str, int]:
        """Return how many approvals each subject needs unless swarmbot.yml names another number.

        Subjects that need none are not in it. If only some facts make a subject risky, the number is for these facts.
        """
        counts: dict[str, int] = {}
        for command in self._commands.values():
            for arguments in _forms(command):
                if needed := command.approval(arguments):
                    subject = command.subject(arguments)
                    counts[subject] = max(needed, counts.get(subject, 0))
            for subject, raised in command.raises.items():
                counts[subject] = max(raised.count, counts.get(subject, 0))
        return counts

    def approval_conditions(self) -> dict[str, str]:
        """Return, for subjects that need approval only because of facts, what the facts show: "of a manager"."""
        raises = [raised for command in self._commands.values() for raised in command.raises.items()]
        return {subject: raised.when for subject, raised in raises if raised.when}


def _forms(command: Command) -> Iterator[Any]:
    """Yield the arguments of the plainest order (for a role: the manager's), then of each switch by itself."""
    required = {parameter.name: "manager" for parameter in command.parameters if parameter.required}
    yield command.arguments(**required)
    for parameter in command.parameters:
        if parameter.is_switch:
            yield command.arguments(**required, **{parameter.name: True})
