"""The decorators with which handlers declare commands. Permission, risk and approval have no default."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NotRequired, TypedDict, TypeVar, Unpack

from bot.blocks import Message
from bot.commands.command import (
    AgedFunction,
    AnswerFunction,
    CheckFunction,
    Command,
    ControlFunction,
    FileAnswer,
    FileFunction,
    Group,
    OverviewFunction,
    PictureFunction,
    PlanFunction,
    Raise,
    RecordFunction,
    Risk,
    SecretField,
    TextField,
    no_query,
    no_records,
)
from bot.commands.control import Control
from bot.config.models import Permission
from bot.model import Facts, FactsQuery, Plan
from bot.model.cluster_map import ClusterMap
from bot.model.history import HistoryChart
from bot.model.records import Records, RecordsQuery

A = TypeVar("A")
V = TypeVar("V")
PermissionRule = Permission | Callable[[Any], Permission]
ApprovalRule = int | Callable[[Any], int]
SubjectRule = str | Callable[[Any], str]
NOTHING: Final[Mapping[str, Raise]] = MappingProxyType({})


def _always(_: object) -> bool:
    return True


def _never(_: object) -> bool:
    return False


def _accept(_: object) -> None:
    """Accept any arguments."""


class Declaration(TypedDict):
    """What every command must declare; ``validate`` is for arguments that may not go together.

    ``typed`` is the word of a command that shares it with another one. ``has_form``: typed without arguments it opens a
    form with all of them.
    """

    group: Group
    help: str
    example: str
    permission: PermissionRule
    risk: Risk
    approval: ApprovalRule
    validate: NotRequired[Callable[[Any], None]]
    typed: NotRequired[str]
    has_form: NotRequired[bool]


def change(
    name: str,
    *,
    subject: SubjectRule = "",
    query: Callable[[A], FactsQuery] = no_query,
    raises: Mapping[str, Raise] = NOTHING,
    asks: SecretField | None = None,
    form: TextField | None = None,
    **declared: Unpack[Declaration],
) -> Callable[[Callable[[Facts, A], Plan]], Command]:
    """Declare a command that changes a cluster: a pure function from facts and arguments to a plan.

    ``subject`` is what the approval rules of swarmbot.yml call it; by default the command's name. ``raises`` are
    approvals that facts may ask for. ``asks`` is the secret that a form takes from the requester, ``form`` a text.
    """

    def declare(plan: Callable[[Facts, A], Plan]) -> Command:
        return _command(
            plan,
            1,
            name=name,
            subject=subject,
            query=query,
            plan=plan,
            raises=raises,
            is_change=_always,
            asks=asks,
            form=form,
            **declared,
        )

    return declare


def question(
    name: str,
    *,
    subject: SubjectRule = "",
    query: Callable[[A], FactsQuery] = no_query,
    changes: tuple[Callable[[A], bool], Callable[[Facts, A], Plan]] | None = None,
    raises: Mapping[str, Raise] = NOTHING,
    check: Callable[[Facts, A], None] | None = None,
    overview: OverviewFunction | None = None,
    aged: AgedFunction | None = None,
    file: Callable[[Facts, A], FileAnswer | None] | None = None,
    picture: Callable[[Facts, A], ClusterMap | HistoryChart | None] | None = None,
    **declared: Unpack[Declaration],
) -> Callable[[Callable[[Facts, A], Message]], Command]:
    """Declare a question to a cluster: a pure function from facts and arguments to a private message.

    ``changes`` is for a question that some arguments turn into a change (``token --rotate``): whether they do, and the
    plan. ``check`` raises the error that makes an answer pointless, before other people are asked to approve it.
    ``overview`` answers for all clusters at once. ``aged`` answers from what watch read last. ``file`` returns what of
    an answer is too long for a message, ``picture`` what is drawn of it.
    """
    is_change, plan = changes or (_never, None)

    def declare(answer: Callable[[Facts, A], Message]) -> Command:
        return _command(
            answer,
            1,
            name=name,
            subject=subject,
            query=query,
            plan=plan,
            answer=answer,
            raises=raises,
            is_change=is_change,
            check=check,
            overview=overview,
            aged=aged,
            file=file,
            picture=picture,
            **declared,
        )

    return declare


def record(
    name: str, *, query: Callable[[A], RecordsQuery] = no_records, **declared: Unpack[Declaration]
) -> Callable[[Callable[[Records, A], Message]], Command]:
    """Declare a question to Swarmbot's own records (jobs, audit log, permissions), which the gate answers."""

    def declare(answer: Callable[[Records, A], Message]) -> Command:
        return _command(answer, 1, name=name, query=query, record=answer, **declared)

    return declare


def control(name: str, **declared: Unpack[Declaration]) -> Callable[[Callable[[A], Control]], Command]:
    """Declare an order to Swarmbot itself: a pure function from arguments to what the gate must do."""

    def declare(decide: Callable[[A], Control]) -> Command:
        return _command(decide, 0, name=name, query=no_query, control=decide, **declared)

    return declare


def _command(
    function: Callable[..., Any],
    position: int,
    *,
    name: str,
    typed: str = "",
    group: Group,
    help: str,  # noqa: A002 - the word that people know
    example: str,
    permission: PermissionRule,
    risk: Risk,
    approval: ApprovalRule,
    subject: SubjectRule = "",
    query: Callable[[Any], FactsQuery | RecordsQuery],
    raises: Mapping[str, Raise] = NOTHING,
    plan: PlanFunction | None = None,
    answer: AnswerFunction | None = None,
    overview: OverviewFunction | None = None,
    aged: AgedFunction | None = None,
    file: FileFunction | None = None,
    picture: PictureFunction | None = None,
    record: RecordFunction | None = None,
    control: ControlFunction | None = None,
    is_change: Callable[[Any], bool] = _never,
    validate: Callable[[Any], None] = _accept,
    check: CheckFunction | None = None,
    asks: SecretField | None = None,
    form: TextField | None = None,
    has_form: bool = False,
) -> Command:
    """Return the command that ``function`` serves; its parameter at ``position`` names the arguments' class."""
    return Command(
        name=name,
        typed=typed,
        group=group,
        help=help,
        example=example,
        arguments=_arguments(function, position),
        permission=_rule(permission),
        risk=risk,
        approval=_rule(approval),
        subject=_rule(subject or name),
        raises=raises,
        query=query,
        plan=plan,
        answer=answer,
        overview=overview,
        aged=aged,
        file=file,
        picture=picture,
        record=record,
        control=control,
        is_change=is_change,
        validate=validate,
        check=check,
        asks=asks,
        form=form,
        has_form=has_form,
    )


def _rule(rule: V | Callable[[Any], V]) -> Callable[[Any], V]:
    if callable(rule):
        return rule
    return lambda _: rule


def _arguments(function: Callable[..., Any], position: int) -> type[Any]:
    """Return the argument class of a handler function: the type of its parameter at ``position``."""
    hints = [hint for name, hint in typing.get_type_hints(function).items() if name != "return"]
    arguments: type[Any] = hints[position]
    return arguments
