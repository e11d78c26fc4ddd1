"""`/swarm help` and `/swarm whoami`: generated from what the commands declare."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from bot.blocks import DONE, FAILED, WARNING, Message, context, paragraphs, section, user
from bot.commands import (
    Command,
    CommandRegistry,
    Flag,
    NoArguments,
    Word,
    base_permission,
    commands_typed,
    other_permissions,
    permission_text,
    record,
    text,
)
from bot.commands.synonyms import plain_words
from bot.model.records import PersonPermissions, Records, RecordsQuery
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class HelpArguments:
    """The arguments of ``help``."""

    command: Annotated[str, Word(text("COMMAND"), "a command to show in full")] = ""


def help_commands(others: Iterable[Command]) -> tuple[Command, Command]:
    """Return `help` and `whoami`, which list the ``others`` and each other."""
    all_commands: list[Command] = []

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
        return _help(CommandRegistry(all_commands), records, arguments)

    @record(
        "whoami",
        group="Approvals",
        help="Show who you are to Swarmbot and what you may do here",
        example="whoami",
        permission="view",
        risk="none",
        approval=0,
        query=lambda _: RecordsQuery(permissions=True),
    )
    def whoami(records: Records, _: NoArguments) -> Message:
        return _whoami(CommandRegistry(all_commands), records)

    all_commands += [*others, help_, whoami]
    return help_, whoami


def _help(commands: CommandRegistry, records: Records, arguments: HelpArguments) -> Message:
    """Return a line for each command, or one command with its arguments and flags."""
    if arguments.command:
        [name] = plain_words([arguments.command.lower()]) or [arguments.command]
        found = [_one(command) for command in commands_typed(commands, name)]
        return Message(found[0].text, tuple(block for message in found for block in message.blocks))
    groups = [section("\n".join([f"*{group}*", *map(_help_line, members)])) for group, members in commands.groups()]
    scope = f"cluster here: *{records.cluster}*" if records.cluster else "name a cluster with `--cluster NAME`"
    return Message(
        "Commands of Swarmbot",
        (
            section(f"*Commands of Swarmbot* · {scope}"),
            *groups,
            context("`/swarm help COMMAND` shows arguments and flags · clusters: " + ", ".join(records.clusters)),
        ),
    )


def _whoami(commands: CommandRegistry, records: Records) -> Message:
    """Return the requester's permissions, who has the others, and what needs approval."""
    person = records.permissions
    cluster = f"Cluster here: {records.cluster}." if records.cluster else "No cluster here: add `--cluster NAME`."
    lines = [f"You are {user(person.person)}, {_standing(person)}. {cluster}"]
    if person.unread_groups:
        groups = listed(map(user, person.unread_groups))
        lines.append(f"{WARNING} Slack did not say who is in {groups}. Ask again in a minute.")
    for permission, who in person.granted_to:
        named = ", ".join(f"`{name}`" for name in _commands(commands, permission))
        may = f"{DONE} You may" if permission in person.granted else f"{FAILED} You may not"
        if permission in person.unsettled:
            may = f"{WARNING} It is unknown whether you may"
        lines.append(f"{may} *{permission}* (granted to {who}): {named}")
    for needed in person.approvals:
        among = " (you are one of them)" if needed.can_approve else ""
        subjects = ", ".join(f"`{subject.name}` {subject.when}".rstrip() for subject in needed.subjects)
        approvals = "1 approval" if needed.count == 1 else f"{needed.count} approvals"
        lines.append(f"Needs {approvals} from {needed.by}{among}: {subjects}")
    if person.approvals:
        lines.append(
            "Nobody approves their own request. A freeze, or what a plan shows, can add approvals: `--plan` says so."
        )
    return Message("Your permissions", tuple(paragraphs(lines)))


def _standing(person: PersonPermissions) -> str:
    """Return what is known of the person's place in swarmbot.yml."""
    if person.people_entries:
        return f"a member of {', '.join(f'@{name}' for name in person.people_entries)}"
    return "a member of unknown groups" if person.unread_groups else "not listed in swarmbot.yml"


def _one(command: Command) -> Message:
    lines = [f"*{command.word}* · {command.help}", f"`{command.usage}`"]
    words = [p for p in command.parameters if isinstance(p.spec, Word)]
    flags = [p for p in command.parameters if isinstance(p.spec, Flag)]
    lines += [f"`{p.shown}` {p.spec.help}" for p in words]
    lines += [
        f"`{p.shown} {p.spec.kind.shown}` {p.spec.help}" if p.spec.kind else f"`{p.shown}` {p.spec.help}" for p in flags
    ]
    change = (
        ["`--plan` (show the plan and stop)", "`--yes` (do not ask before it costs service)", '`--reason "…"`']
        if command.plan
        else []
    )
    takes = f"Permission: {permission_text(command)}. Also takes {', '.join([*change, '`--cluster NAME`'])}."
    return Message(
        f"Usage of {command.word}",
        (*paragraphs(lines), section(f"Example: `/swarm {command.example}`"), context(takes)),
    )


def _commands(commands: CommandRegistry, permission: str) -> list[str]:
    """Return the commands that need ``permission``; a form that needs another is listed there ("join manager")."""
    found = []
    for command in commands.values():
        found += [command.name] if base_permission(command) == permission else []
        found += [
            f"{command.name} {form}" for form, needed in other_permissions(command).items() if needed == permission
        ]
    return found


def _help_line(command: Command) -> str:
    return f"`/swarm {command.word}` {command.help}"
