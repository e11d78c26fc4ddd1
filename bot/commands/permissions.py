"""Which permission a command needs, in its plainest form and in the forms that need another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.commands.command import Command, Flag, Parameter, Word
from bot.config.models import Permission

ANY_FLAG: Final = "--…"
"""It stands for any flag of the command."""


def base_permission(command: Command) -> Permission:
    """Return the permission that the command needs without options; for a choice of words, with the first one."""
    return command.permission(command.arguments(**_plain(command)))


def other_permissions(command: Command) -> Mapping[str, Permission]:
    """Return the words and flags that need another permission, with that permission: "manager", "--rotate"."""
    plain, base = _plain(command), base_permission(command)
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
    forms += [(p.name, True, p.shown) for p in flags if p.is_switch]
    needed = {shown: command.permission(command.arguments(**plain | {name: value})) for name, value, shown in forms}
    return {shown: right for shown, right in needed.items() if right != base}


def permission_text(command: Command) -> str:
    """Return the permissions in words: "operate; `manager`: administer"."""
    others = [
        f"{'with a flag' if shown == ANY_FLAG else f'`{shown}`'}: {right}"
        for shown, right in other_permissions(command).items()
    ]
    return "; ".join([base_permission(command), *others])


def _plain(command: Command) -> dict[str, str]:
    return {p.name: _choices(p)[0] for p in command.parameters if p.required}


def _choices(parameter: Parameter) -> list[str]:
    """Return the words of a choice; for any other kind how it is shown."""
    return parameter.spec.kind.shown.split("|") if parameter.spec.kind else [parameter.shown]
