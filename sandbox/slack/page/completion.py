"""The commands of the bot's registry, for the completion in the message box."""

from __future__ import annotations

from bot.commands.command import Command, Flag, Parameter
from handlers import registry
from sandbox.slack.base import Json


def commands() -> list[Json]:
    """Return each command with its usage and what it does, in the order of `/swarm help`."""
    return [_command(command) for command in registry().values()]


def _command(command: Command) -> Json:
    flags = [parameter for parameter in command.parameters if isinstance(parameter.spec, Flag)]
    words = [parameter for parameter in command.parameters if not isinstance(parameter.spec, Flag)]
    return {
        "word": command.word,
        "usage": command.usage,
        "help": command.help,
        "words": [{"shown": parameter.shown} for parameter in words],
        "flags": [*map(_flag, flags), *(_COMMON if command.plan is not None else [])],
    }


def _flag(parameter: Parameter) -> Json:
    value = parameter.spec.kind.shown if parameter.spec.kind else ""
    return {"shown": parameter.shown, "value": value, "help": parameter.spec.help}


_COMMON: list[Json] = [
    {"shown": "--reason", "value": "TEXT", "help": "for the approvers and the audit log"},
    {"shown": "--plan", "value": "", "help": "show the plan and stop"},
    {"shown": "--yes", "value": "", "help": "do not ask whether the costs are accepted"},
]
