"""A command: a declaration and a pure function."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final, Literal

from bot.blocks import Message
from bot.commands.control import Control
from bot.commands.kinds import Kind
from bot.config.models import Permission
from bot.errors import SwarmbotError
from bot.model import Facts, FactsQuery, Plan
from bot.model.cluster_map import ClusterMap
from bot.model.history import HistoryChart
from bot.model.records import RecordsQuery
from bot.secrets.secret import Secret
from bot.swarm.health.summary import AgedSummary

Group = Literal["Look", "Watch", "Services", "Nodes", "Managers", "Safety", "Approvals", "Records"]
GROUPS: Final[tuple[Group, ...]] = typing.get_args(Group)
"""The groups in the order in which help shows them."""

Risk = Literal["none", "reversible", "capacity", "loss", "quorum", "secret"]
"""What a command may cost. ``loss``: services or images, which no order brings back."""
NEVER_SUGGESTED: Final[frozenset[Risk]] = frozenset({"loss", "quorum"})
"""A misspelt word is never answered with a command of these risks."""


RUN_COMMAND: Final = "command.type"
"""The action of a button that runs its value as a command of the person who presses it, with that person's
permissions."""


@dataclass(frozen=True, slots=True)
class NoArguments:
    """The arguments of a command that takes none."""


@dataclass(frozen=True, slots=True)
class Word:
    """A positional word of a command's arguments."""

    kind: Kind
    help: str
    suggested: str = ""
    """What a form begins with, as text; "" for nothing."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A ``--flag``. Without a kind it is a switch; a tuple field may be given several times."""

    kind: Kind | None
    help: str
    suggested: str = ""
    """What a form begins with, as text; "" for nothing."""


@dataclass(frozen=True, slots=True)
class SecretField:
    """A secret that the requester types into a form: Slack shows the words of a command to others.

    Operations get it as ``Facts.typed_secret``.
    """

    label: str
    hint: str
    begins: str
    """How every such secret begins."""
    needed: Callable[[Any], bool]
    """Whether a command with these arguments may need it: its plan decides (``Plan.needs_typed_secret``)."""


@dataclass(frozen=True, slots=True)
class TypedText:
    """An argument that no word fills: the id of a text that the requester types into a form."""


@dataclass(frozen=True, slots=True)
class TextField:
    """A long text that the requester types into a form. The form opens at once.

    The text is kept encrypted, and an argument has its id.
    """

    label: str
    hint: str
    argument: str
    """The argument that takes the id, a :class:`TypedText`."""
    needed: Callable[[Any], bool]
    """Whether a command with these arguments needs it."""
    about: Callable[[Any], str]
    """The subject of a text for these arguments: the form begins with what the same person last typed about it."""
    problem: Callable[[str], str]
    """Returns why a text cannot be used, in plain words for the form; "" if no error is found yet."""

    def asked_for(self, arguments: Any) -> bool:
        """Return whether these arguments still lack the text."""
        return self.needed(arguments) and not getattr(arguments, self.argument)


@dataclass(frozen=True, slots=True)
class Raise:
    """An approval that facts may ask for."""

    count: int
    """How many people must approve."""
    when: str = ""
    """What the facts show, to be appended to the subject: "of a manager"; "" for nothing."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field of a command's argument class, and the word or flag that fills it."""

    name: str
    spec: Word | Flag
    required: bool
    many: bool
    """Whether it takes several values."""

    @property
    def shown(self) -> str:
        """How people type it: ``--cert-expiry``, or the kind of a word. ``for_`` is ``--for``: Python reserves it."""
        return "--" + self.name.rstrip("_").replace("_", "-") if isinstance(self.spec, Flag) else self.spec.kind.shown

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off: a flag without a value."""
        return self.spec.kind is None

    @property
    def kind(self) -> Kind:
        """What its values are. Only for one that is no switch."""
        assert self.spec.kind is not None  # noqa: S101 - tells mypy what is_switch says
        return self.spec.kind


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """A file that belongs to an answer and is too long for a message. The requester gets it as a direct message."""

    name: str
    """With the ending of its file type."""
    content: Secret
    title: str
    """Shown above the file."""


PlanFunction = Callable[[Facts, Any], Plan]
AnswerFunction = Callable[[Facts, Any], Message]
OverviewFunction = Callable[[Mapping[str, Facts | AgedSummary | SwarmbotError]], Message]
AgedFunction = Callable[[AgedSummary], Message]
FileFunction = Callable[[Facts, Any], FileAnswer | None]
PictureFunction = Callable[[Facts, Any], ClusterMap | HistoryChart | None]
CheckFunction = Callable[[Facts, Any], None]
RecordFunction = Callable[[Any, Any], Message]
ControlFunction = Callable[[Any], Control]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Everything that decides what a command does and who may run it."""

    name: str
    typed: str = ""
    """The word that people type for it if it is shared by two commands (bot.commands.shared_words); "" for the name."""
    group: Group
    help: str
    """One line for `/swarm help`, a verb first."""
    example: str
    """What to type after `/swarm`."""
    arguments: type[Any]
    """A frozen dataclass whose fields are annotated with :class:`Word`, :class:`Flag` or :class:`TypedText`."""
    permission: Callable[[Any], Permission]
    """The permission that these arguments need."""
    risk: Risk
    approval: Callable[[Any], int]
    """How many other people must approve these arguments, unless swarmbot.yml says otherwise."""
    subject: Callable[[Any], str]
    """What the approval rules of swarmbot.yml call a command with these arguments."""
    raises: Mapping[str, Raise] = field(default_factory=dict)
    """Approvals that facts may ask for (``Plan.subject``), by subject."""
    query: Callable[[Any], Any]
    """Which facts or records these arguments need."""
    plan: PlanFunction | None = None
    """A change: the worker carries out the plan."""
    answer: AnswerFunction | None = None
    """A question to the cluster: the worker reads the facts."""
    overview: OverviewFunction | None = None
    """Answers the question for all clusters, with `--cluster all`: from their facts, from what watch read of those that
    were not read yet, or why they could not be read."""
    aged: AgedFunction | None = None
    """Answers the question from what watch read last, until facts are read."""
    file: FileFunction | None = None
    """A file that belongs to the answer; None where the message says everything."""
    picture: PictureFunction | None = None
    """A picture that shows the answer; None where there is nothing to draw."""
    record: RecordFunction | None = None
    """A question to Swarmbot's own records: the gate answers it."""
    control: ControlFunction | None = None
    """An order to Swarmbot itself: the gate carries it out."""
    is_change: Callable[[Any], bool]
    """Whether these arguments make a change, for a command with both ``plan`` and ``answer``."""
    validate: Callable[[Any], None]
    """Raises the error of arguments that do not go together. It needs no facts, so the gate says it at once."""
    check: CheckFunction | None = None
    """Raises the error that makes an answer pointless, before other people are asked to approve it."""
    asks: SecretField | None = None
    """The secret that goes with the command."""
    form: TextField | None = None
    """The text that a form takes before the command is stored."""
    has_form: bool = False
    """Whether it opens a form with all its parameters if it is typed without any."""
    parameters: tuple[Parameter, ...] = field(init=False)
    """The words and flags, in the order of the argument class."""

    def __post_init__(self) -> None:
        """Find the words and flags. Raises TypeError for a field that is nothing of that."""
        object.__setattr__(self, "parameters", _parameters(self.arguments))

    def asks_for(self, arguments: Any) -> SecretField | None:
        """Return the secret that these arguments may need; None if they need none."""
        return self.asks if self.asks is not None and self.asks.needed(arguments) else None

    @property
    def word(self) -> str:
        """What people type for it."""
        return self.typed or self.name

    @property
    def usage(self) -> str:
        """One line: ``/swarm join worker|manager HOST… [--availability active|pause|drain]``."""
        return " ".join(["/swarm", self.word, *(_usage(parameter) for parameter in self.parameters)])


def _parameters(arguments: type[Any]) -> tuple[Parameter, ...]:
    hints = typing.get_type_hints(arguments, include_extras=True)
    specs = {field: _spec(arguments, field.name, hints[field.name]) for field in fields(arguments)}
    return tuple(
        Parameter(
            name=field.name,
            spec=spec,
            required=field.default is MISSING,
            many=typing.get_origin(typing.get_args(hints[field.name])[0]) is tuple,
        )
        for field, spec in specs.items()
        if not isinstance(spec, TypedText)
    )


def _spec(arguments: type[Any], name: str, hint: Any) -> Word | Flag | TypedText:
    for note in getattr(hint, "__metadata__", ()):
        if isinstance(note, Word | Flag | TypedText):
            return note
    raise TypeError(f"{arguments.__name__}.{name} is neither a Word nor a Flag nor a TypedText")


def _usage(parameter: Parameter) -> str:
    more = "…" if parameter.many else ""
    if isinstance(parameter.spec, Word):
        shown = parameter.shown + more
    else:
        shown = f"{parameter.shown} {parameter.spec.kind.shown}{more}" if parameter.spec.kind else parameter.shown
    return shown if parameter.required else f"[{shown}]"


def no_query(_: Any) -> FactsQuery:
    """Read only the cluster itself."""
    return FactsQuery()


def no_records(_: Any) -> RecordsQuery:
    """Read only the requester's permissions."""
    return RecordsQuery()
