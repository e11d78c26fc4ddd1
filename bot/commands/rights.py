"""Which right a command needs, in its plainest form and in those that need another, as its declaration has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.commands.command import Command, Flag, Parameter, Permission, Word

ANY_FLAG: Final = "--…"
"""How a form is written that every flag of the command is."""


def plain_right(command: Command) -> Permission:
    """The right that the command needs without its optional words; of a choice the first: the worker's."""
    return command.permission(command.arguments(**_plain(command)))


def other_rights(command: Command) -> Mapping[str, Permission]:
    """What is written behind the command's name where that needs another right: "manager", "--rotate"."""
    plain, base = _plain(command), plain_right(command)
    flags = [p for p in command.parameters if isinstance(p.spec, Flag)]
    flagged = {command.permission(command.arguments(**plain | {p.name: _choices(p)[0]})) for p in flags}
    if len(flagged) == 1 and base not in flagged and any(p.spec.kind for p in flags):
        return {ANY_FLAG: flagged.pop()}
    forms: list[tuple[str, object, str]] = [
        (p.name, value, value)
        for p in command.parameters
        if isinstance(p.spec, Word)
        for value in _choices(p)[1 if p.required else 0 :]
    ]
    forms += [(p.name, True, p.shown) for p in flags if p.spec.kind is None]
    needed = {shown: command.permission(command.arguments(**plain | {name: value})) for name, value, shown in forms}
    return {shown: right for shown, right in needed.items() if right != base}


def rights(command: Command) -> str:
    """The rights in words: "operate; `manager`: administer"."""
    others = [
        f"{'with a flag' if shown == ANY_FLAG else f'`{shown}`'}: {right}"
        for shown, right in other_rights(command).items()
    ]
    return "; ".join([plain_right(command), *others])


def _plain(command: Command) -> dict[str, str]:
    return {p.name: _choices(p)[0] for p in command.parameters if p.required}


def _choices(parameter: Parameter) -> list[str]:
    """The words of a choice; of anything else how it is shown."""
    return parameter.spec.kind.shown.split("|") if parameter.spec.kind else [parameter.shown]
