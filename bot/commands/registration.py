"""The decorators with which handlers declare commands. What decides a command's fate has no default."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

from bot.commands.command import COMMANDS, Command, Control, Permission, Risk, no_look, no_records, register
from bot.plan import Facts, Look, Plan
from bot.plan.book import Book, BookLook
from bot.slack.blocks import Message

A = TypeVar("A")
V = TypeVar("V")
PermissionRule = Permission | Callable[[Any], Permission]
ApprovalRule = int | Callable[[Any], int]
SubjectRule = str | Callable[[Any], str]
NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


def change(
    name: str,
    *,
    help: str,  # noqa: A002 - the word that people know
    example: str,
    permission: PermissionRule,
    risk: Risk,
    approval: ApprovalRule,
    subject: SubjectRule = "",
    look: Callable[[A], Look] = no_look,
    raises: Mapping[str, int] = NOTHING,
) -> Callable[[Callable[[Facts, A], Plan]], Callable[[Facts, A], Plan]]:
    """Declare a command that changes a cluster: a pure function from facts and arguments to a plan.

    ``subject`` is what the approval rules of swarmbot.yml call it, the command's name unless it says another;
    ``raises`` are the subjects for which facts may ask for approval, with how many must agree.
    """

    def declare(plan: Callable[[Facts, A], Plan]) -> Callable[[Facts, A], Plan]:
        register(
            Command(
                name=name,
                help=help,
                example=example,
                arguments=_arguments(plan, 1),
                permission=_rule(permission),
                risk=risk,
                approval=_rule(approval),
                subject=_rule(subject or name),
                raises=raises,
                look=look,
                plan=plan,
                is_change=_always,
            )
        )
        return plan

    return declare


def question(
    name: str,
    *,
    help: str,  # noqa: A002 - the word that people know
    example: str,
    permission: PermissionRule,
    risk: Risk,
    approval: ApprovalRule,
    subject: SubjectRule = "",
    look: Callable[[A], Look] = no_look,
    changes: tuple[Callable[[A], bool], Callable[[Facts, A], Plan]] | None = None,
    raises: Mapping[str, int] = NOTHING,
) -> Callable[[Callable[[Facts, A], Message]], Callable[[Facts, A], Message]]:
    """Declare a question to a cluster: a pure function from facts and arguments to a message for the asker alone.

    ``changes`` is for a question that some arguments turn into a change (``token --rotate``): when, and its plan.
    """
    is_change, plan = changes or (_never, None)

    def declare(answer: Callable[[Facts, A], Message]) -> Callable[[Facts, A], Message]:
        register(
            Command(
                name=name,
                help=help,
                example=example,
                arguments=_arguments(answer, 1),
                permission=_rule(permission),
                risk=risk,
                approval=_rule(approval),
                subject=_rule(subject or name),
                raises=raises,
                look=look,
                plan=plan,
                answer=answer,
                is_change=is_change,
            )
        )
        return answer

    return declare


def record(
    name: str,
    *,
    help: str,  # noqa: A002 - the word that people know
    example: str,
    permission: PermissionRule,
    risk: Risk,
    approval: ApprovalRule,
    look: Callable[[A], BookLook] = no_records,
) -> Callable[[Callable[[Book, A], Message]], Callable[[Book, A], Message]]:
    """Declare a question to Swarmbot's own records (jobs, audit log, rights), answered at once."""

    def declare(answer: Callable[[Book, A], Message]) -> Callable[[Book, A], Message]:
        register(
            Command(
                name=name,
                help=help,
                example=example,
                arguments=_arguments(answer, 1),
                permission=_rule(permission),
                risk=risk,
                approval=_rule(approval),
                subject=_rule(name),
                look=look,
                record=answer,
                is_change=_never,
            )
        )
        return answer

    return declare


def control(
    name: str,
    *,
    help: str,  # noqa: A002 - the word that people know
    example: str,
    permission: PermissionRule,
    risk: Risk,
    approval: ApprovalRule,
) -> Callable[[Callable[[A], Control]], Callable[[A], Control]]:
    """Declare a command over Swarmbot's own jobs: a pure function from arguments to what the gate shall do."""

    def declare(decide: Callable[[A], Control]) -> Callable[[A], Control]:
        register(
            Command(
                name=name,
                help=help,
                example=example,
                arguments=_arguments(decide, 0),
                permission=_rule(permission),
                risk=risk,
                approval=_rule(approval),
                subject=_rule(name),
                look=no_look,
                control=decide,
                is_change=_never,
            )
        )
        return decide

    return declare


def _rule(rule: V | Callable[[Any], V]) -> Callable[[Any], V]:
    if callable(rule):
        return rule
    return lambda _: rule


def _always(_: object) -> bool:
    return True


def _never(_: object) -> bool:
    return False


def _arguments(function: Callable[..., Any], position: int) -> type[Any]:
    """The argument class of a handler function: the type of its parameter at ``position``."""
    hints = [hint for name, hint in typing.get_type_hints(function).items() if name != "return"]
    arguments: type[Any] = hints[position]
    return arguments


__all__ = ["COMMANDS", "change", "control", "question", "record"]
