"""`/swarm help` and `/swarm whoami`: generated from what the commands declare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Final

from bot.blocks import Message, context, paragraphs, section, user
from bot.commands import (
    COMMANDS,
    GROUPS,
    Command,
    Flag,
    Word,
    find_command,
    other_rights,
    plain_right,
    record,
    rights,
    text,
)
from bot.model.records import Records

ORDER: Final = (
    *("status", "nodes", "node", "hosts", "check", "help"),
    *("trust", "join", "token", "drain", "pause", "activate", "label", "leave", "remove"),
    *("init", "promote", "demote", "update", "ca"),
    *("recover", "unlock", "unlock-key", "backup", "backups", "restore"),
    *("approvals", "freeze", "thaw", "totp", "whoami"),
    *("jobs", "job", "cancel", "audit"),
)
"""The order of the commands inside their groups: what people need most comes first."""


def ordered() -> list[Command]:
    """Return all commands by group, and inside a group in the order of ``ORDER``; the rest follows by name."""

    def place(command: Command) -> tuple[int, int, str]:
        rank = ORDER.index(command.name) if command.name in ORDER else len(ORDER)
        return GROUPS.index(command.group), rank, command.name

    return sorted(COMMANDS.values(), key=place)


def grouped() -> Iterator[tuple[str, list[Command]]]:
    """Yield each group that has commands, with its commands in order."""
    for group, commands in groupby(ordered(), key=lambda command: command.group):
        yield group, list(commands)


@dataclass(frozen=True, slots=True)
class HelpArguments:
    """The words of ``help``."""

    command: Annotated[str, Word(text("COMMAND"), "one command in full")] = ""


@dataclass(frozen=True, slots=True)
class WhoamiArguments:
    """``whoami`` takes no words."""


@record(
    "help",
    group="Look",
    help="List all commands, or show one in full",
    example="help join",
    permission="view",
    risk="none",
    approval=0,
)
def help_(records: Records, arguments: HelpArguments) -> Message:
    """All commands a line each, or one with its words and flags."""
    if arguments.command:
        return _one(find_command(arguments.command.lower()))
    groups = [section("\n".join([f"*{group}*", *map(_help_line, commands)])) for group, commands in grouped()]
    where = f"Here you speak to *{records.cluster}*." if records.cluster else "Name the cluster with `--cluster NAME`."
    return Message(
        "What Swarmbot understands",
        (
            section(f"*What Swarmbot understands.* {where}"),
            *groups,
            context("`/swarm help COMMAND` shows its words and flags · clusters: " + ", ".join(records.clusters)),
        ),
    )


@record(
    "whoami",
    group="Approvals",
    help="Show who you are to Swarmbot and what you may do here",
    example="whoami",
    permission="view",
    risk="none",
    approval=0,
)
def whoami(records: Records, _: WhoamiArguments) -> Message:
    """The asker's rights and who has the others."""
    rights = records.rights
    lists = ", ".join(f"@{name}" for name in rights.listed_as) or "no list of swarmbot.yml"
    lines = [f"You are {user(rights.person)}, on {lists}. Here you speak to {records.cluster or 'no cluster'}."]
    for right, who in rights.rules:
        commands = ", ".join(f"`{name}`" for name in _commands(right))
        may = "You may" if right in rights.may else "You may not"
        lines.append(f"{may} *{right}* (for {who}): {commands}")
    for waits in rights.waits:
        among = ", of whom you are one" if waits.mine else ""
        subjects = ", ".join(f"`{subject.name}` {subject.when}".rstrip() for subject in waits.subjects)
        lines.append(f"Waits for a yes of {waits.count} of {waits.by}{among}: {subjects}")
    if rights.waits:
        lines.append("Nobody says yes to their own request. All else is done at once, unless the cluster is frozen.")
    return Message("Who you are to Swarmbot", tuple(paragraphs(lines)))


def _one(command: Command) -> Message:
    lines = [f"*{command.name}* {command.help}", f"`{command.usage}`"]
    words = [p for p in command.parameters if isinstance(p.spec, Word)]
    flags = [p for p in command.parameters if isinstance(p.spec, Flag)]
    lines += [f"`{p.shown}` {p.spec.help}" for p in words]
    lines += [
        f"`{p.shown} {p.spec.kind.shown}` {p.spec.help}" if p.spec.kind else f"`{p.shown}` {p.spec.help}" for p in flags
    ]
    change = ["`--plan` (show what would be done, and stop)", '`--reason "…"`'] if command.plan else []
    takes = f"For: {rights(command)}. Takes {', '.join([*change, '`--cluster NAME`'])}."
    return Message(
        f"How {command.name} is written",
        (*paragraphs(lines), section(f"Example: `/swarm {command.example}`"), context(takes)),
    )


def _commands(right: str) -> list[str]:
    """The commands that need ``right``, each form under its own: "join" here and "join manager" there."""
    found = []
    for command in ordered():
        found += [command.name] if plain_right(command) == right else []
        found += [f"{command.name} {form}" for form, needed in other_rights(command).items() if needed == right]
    return found


def _help_line(command: Command) -> str:
    return f"`/swarm {command.name}` {command.help}"
