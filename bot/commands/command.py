"""A command: a declaration and a pure function."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final, Literal

from bot.blocks import Message
from bot.commands.kinds import Kind
from bot.model import Facts, FactsQuery, Plan
from bot.model.records import RecordsQuery

Group = Literal["Look", "Nodes", "Managers", "Safety", "Approvals", "Records"]
GROUPS: Final[tuple[Group, ...]] = typing.get_args(Group)
"""The groups in the order in which help shows them."""
Permission = Literal["view", "operate", "administer"]
Risk = Literal["none", "reversible", "capacity", "quorum", "secret"]


@dataclass(frozen=True, slots=True)
class Word:
    """A positional word of a command's arguments."""

    kind: Kind
    help: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A ``--flag``. Without a kind it is a switch; a tuple field may be given several times."""

    kind: Kind | None
    help: str


@dataclass(frozen=True, slots=True)
class SecretField:
    """A secret that a form takes from the asker: it is no word of the command, for Slack shows those to others.

    ``begins`` is how every such secret begins, ``needed`` tells from the arguments whether an order goes with one. It
    reaches the operations as ``Facts.given``.
    """

    label: str
    hint: str
    begins: str
    needed: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Raise:
    """How many must agree when facts show ``when``, in words behind the subject: "of a manager"; "" without words."""

    count: int
    when: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a command's argument class with the word or flag that fills it."""

    name: str
    spec: Word | Flag
    required: bool
    many: bool

    @property
    def shown(self) -> str:
        """How people write it: ``--cert-expiry``, or the kind of a word."""
        return "--" + self.name.replace("_", "-") if isinstance(self.spec, Flag) else self.spec.kind.shown


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Stop a job: at once while it waits, between steps while it runs."""

    job: str


@dataclass(frozen=True, slots=True)
class FreezeCluster:
    """Let each change of the cluster need one yes more, until a moment (text that ``read_future`` reads)."""

    until: str
    reason: str


@dataclass(frozen=True, slots=True)
class ThawCluster:
    """End the freeze that somebody ordered."""


@dataclass(frozen=True, slots=True)
class EnrolTotp:
    """Set up the asker's second factor."""


@dataclass(frozen=True, slots=True)
class ResetTotp:
    """Take the second factor of ``person`` (U…) away."""

    person: str


Control = CancelJob | FreezeCluster | ThawCluster | EnrolTotp | ResetTotp
PlanFunction = Callable[[Facts, Any], Plan]
AnswerFunction = Callable[[Facts, Any], Message]
CheckFunction = Callable[[Facts, Any], None]
RecordFunction = Callable[[Any, Any], Message]
ControlFunction = Callable[[Any], Control]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Everything that decides a command's fate.

    ``group`` is the heading under which help lists the command.
    ``permission``, ``approval`` (how many others must agree where swarmbot.yml does not say) and ``subject`` (what
    the rules of swarmbot.yml call it) may depend on the arguments; ``raises`` are the subjects for which facts may
    ask for approval (``Plan.subject``). Exactly one of the functions serves a given order: ``plan`` (a change; the
    worker carries it out), ``answer`` (a question to the cluster; the worker reads facts), ``record`` (a question
    to Swarmbot's own records, answered at once) or ``control`` (of Swarmbot's own jobs). A command with both
    ``plan`` and ``answer`` says in ``is_change`` which. ``parameters`` are the words and flags, in the order of the
    argument class. ``check`` raises what makes an answer pointless, before others are asked to agree to it;
    ``asks`` is the secret that goes with the command.
    """

    name: str
    group: Group
    help: str
    example: str
    arguments: type[Any]
    permission: Callable[[Any], Permission]
    risk: Risk
    approval: Callable[[Any], int]
    subject: Callable[[Any], str]
    raises: Mapping[str, Raise] = field(default_factory=dict)
    query: Callable[[Any], Any]
    plan: PlanFunction | None = None
    answer: AnswerFunction | None = None
    record: RecordFunction | None = None
    control: ControlFunction | None = None
    is_change: Callable[[Any], bool]
    check: CheckFunction | None = None
    asks: SecretField | None = None
    parameters: tuple[Parameter, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Find the words and flags; TypeError for arguments that nothing describes."""
        object.__setattr__(self, "parameters", _parameters(self.arguments))

    def asks_for(self, arguments: Any) -> SecretField | None:
        """The secret that goes with this order, None when there is none."""
        return self.asks if self.asks is not None and self.asks.needed(arguments) else None

    @property
    def usage(self) -> str:
        """One line: ``/swarm join worker|manager HOST… [--availability active|pause|drain]``."""
        return " ".join(["/swarm", self.name, *(_usage(parameter) for parameter in self.parameters)])


def _parameters(arguments: type[Any]) -> tuple[Parameter, ...]:
    hints = typing.get_type_hints(arguments, include_extras=True)
    return tuple(
        Parameter(
            name=field.name,
            spec=_spec(arguments, field.name, hints[field.name]),
            required=field.default is MISSING,
            many=typing.get_origin(typing.get_args(hints[field.name])[0]) is tuple,
        )
        for field in fields(arguments)
    )


def _spec(arguments: type[Any], name: str, hint: Any) -> Word | Flag:
    for note in getattr(hint, "__metadata__", ()):
        if isinstance(note, Word | Flag):
            return note
    raise TypeError(f"{arguments.__name__}.{name} is neither a Word nor a Flag")


def _usage(parameter: Parameter) -> str:
    more = "…" if parameter.many else ""
    if isinstance(parameter.spec, Word):
        shown = parameter.shown + more
    else:
        shown = f"{parameter.shown} {parameter.spec.kind.shown}{more}" if parameter.spec.kind else parameter.shown
    return shown if parameter.required else f"[{shown}]"


def no_query(_: Any) -> FactsQuery:
    """Look at nothing but the cluster itself."""
    return FactsQuery()


def no_records(_: Any) -> RecordsQuery:
    """Look at no records beyond who asks and where."""
    return RecordsQuery()
