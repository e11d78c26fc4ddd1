"""The form of a command: a field for each of its parameters, and the words that the filled form stands for. Pure.

A submitted form is those words, typed. So it is parsed, authorised, recorded and carried out as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.blocks import Block, context, cut_short, tick
from bot.blocks.limits import MAX_OPTIONS
from bot.blocks.modals import check_field, choice_field, text_field
from bot.commands.command import Command, Flag, Parameter, Word
from bot.commands.grammar import PLAN_FLAG, REASON_FLAG
from bot.commands.kinds import Kind, Vocabulary
from bot.errors import NotUnderstood, SwarmbotError
from bot.text.mrkdwn import one_line

SWITCHES: Final = "switches"
"""The field of all parameters that are on or off."""
REASON: Final = "reason"
WORDS: Final = "words"
"""The block with the words that would do the same."""
TEXTS_FOLLOW: Final = "Text is added with Enter in its field, or with the next choice."
"""Slack could report each pause in typing, but every answer would then redraw the form while the person types."""
FIELD_WORDS: Final = {"addr": "address", "ca": "CA", "cpu": "CPU", "env": "environment", "id": "ID", "rm": "remove"}
"""Parts of the names of parameters, as labels say them."""
MAX_SWITCHES: Final = 10
MAX_NAME_CHARS: Final = 75
"""A longer name would be unreadable in a menu, so it is typed, and so is a name with invisible characters."""
MAX_SHOWN_CHARS: Final = 1500


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names that the fields of a form offer."""

    hosts: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()
    note: str = ""
    """What is said above the fields, in mrkdwn."""

    def of(self, kind: Kind) -> tuple[str, ...]:
        """Return the names that a word of this kind can be."""
        match kind.names:
            case "hosts":
                return self.hosts
            case "nodes":
                return self.nodes
            case "stacks":
                return self.stacks
            case "subjects":
                return ("all", *self.nodes, *self.services) if self.nodes or self.services else ()
            case _:
                return kind.words


def form_blocks(
    command: Command, names: KnownNames, place: str, values: Mapping[str, str] | None = None
) -> list[Block]:
    """Return the fields, those that are needed first, and below them the words that would do the same.

    ``place`` is what follows these words, like " --cluster prod". ``values`` are those that people have entered; None
    before they have.
    """
    ordered = sorted(_fields(command), key=lambda parameter: not parameter.required)
    blocks = [_field(parameter, names) for parameter in ordered]
    if command.plan is not None and not _has(command, REASON):
        hint = f"For approvers and the audit log. {REASON_FLAG}"
        blocks.append(text_field(REASON, "Reason", hint=hint, required=False, live=True))
    if switches := _switches(command):
        blocks.append(check_field(SWITCHES, "Options", switches))
    words = form_words(command, _initial(blocks) if values is None else values)
    shown = tick(cut_short(f"/swarm {words}{place}", MAX_SHOWN_CHARS))
    texts = any(block["element"]["type"] == "plain_text_input" for block in blocks)
    above = [context(names.note)] if names.note else []
    below = context(f"The same, typed: {shown}", *([TEXTS_FOLLOW] if texts else [])) | {"block_id": WORDS}
    return [*above, *blocks, below]


def form_words(command: Command, values: Mapping[str, str]) -> str:
    """Return the filled form as words: "join worker host-3 --label zone=a". Fields that are empty are left out."""
    parts = [command.word]
    for parameter in sorted(_fields(command), key=lambda each: isinstance(each.spec, Flag)):
        for value in _texts(parameter, values):
            parts += [_quoted(value)] if isinstance(parameter.spec, Word) else [parameter.shown, _quoted(value)]
    parts += [name for name in values.get(SWITCHES, "").splitlines() if name in dict(_switches(command))]
    if not _has(command, REASON) and (reason := values.get(REASON, "").strip()):
        parts += [REASON_FLAG, _quoted(reason)]
    return " ".join(parts)


def form_problems(command: Command, values: Mapping[str, str], vocabulary: Vocabulary) -> dict[str, str]:
    """Return what is wrong with single fields, in plain words by field."""
    found: dict[str, str] = {}
    for parameter in _fields(command):
        texts = _texts(parameter, values)
        if parameter.required and not texts:
            found[parameter.name] = "This is needed."
        for text in texts:
            try:
                parameter.kind.read(text, vocabulary)
            except NotUnderstood as error:
                found.setdefault(parameter.name, plain_problem(error))
    return found


def field_of(command: Command, text: str) -> str:
    """Return the field that an error names by its flag; the first one if it names none."""
    parameters = _fields(command)
    named = [parameter for parameter in parameters if isinstance(parameter.spec, Flag) and parameter.shown in text]
    longest = max(named, key=lambda parameter: len(parameter.shown), default=parameters[0])
    return longest.name


def plain_problem(error: SwarmbotError) -> str:
    """Return an error as plain text for a field, without the marks of mrkdwn. What was typed keeps its case."""
    happened = error.happened
    first = happened[:1] if happened.startswith(("`", '"')) else happened[:1].upper()
    text = f"{first}{happened[1:]} {error.next_step}".replace("`", "").strip()
    return cut_short(text, 300)


def _initial(blocks: Iterable[Block]) -> dict[str, str]:
    """Return what the fields hold when the form opens."""
    found: dict[str, str] = {}
    for block in blocks:
        element = block["element"]
        options = element.get("initial_options") or [element.get("initial_option")]
        chosen = "\n".join(option["value"] for option in options if option)
        found[block["block_id"]] = chosen or element.get("initial_value", "")
    return found


def _fields(command: Command) -> list[Parameter]:
    return [parameter for parameter in command.parameters if not parameter.is_switch]


def _field(parameter: Parameter, names: KnownNames) -> Block:
    kind, label, hint = parameter.kind, _label(parameter), _hint(parameter)
    offered = [name for name in names.of(kind) if 0 < len(name) <= MAX_NAME_CHARS and one_line(name) == name]
    suggested = parameter.spec.suggested
    if not offered or len(offered) > MAX_OPTIONS or len(offered) < len(names.of(kind)):
        return text_field(
            parameter.name,
            label,
            hint=f"{hint} One on each line." if parameter.many else hint,
            multiline=parameter.many,
            required=parameter.required,
            initial=suggested,
            live=True,
        )
    initial = suggested if suggested in offered else offered[0] if parameter.required and len(offered) == 1 else ""
    return choice_field(
        parameter.name,
        label,
        offered,
        several=parameter.many,
        hint=hint,
        required=parameter.required,
        initial=initial,
    )


def _switches(command: Command) -> list[tuple[str, str]]:
    """Return the switches, each as it is typed, with what it does."""
    own = [(parameter.shown, parameter.spec.help) for parameter in command.parameters if parameter.is_switch]
    plan = [(PLAN_FLAG, "only show what it would do")] if command.plan is not None else []
    return [*own[: MAX_SWITCHES - len(plan)], *plan]


def _label(parameter: Parameter) -> str:
    words = (FIELD_WORDS.get(word, word) for word in parameter.name.strip("_").split("_"))
    text = " ".join(words)
    return f"{text[:1].upper()}{text[1:]}"


def _hint(parameter: Parameter) -> str:
    text = parameter.spec.help.replace("`", "")
    flag = f" {parameter.shown} {parameter.kind.shown}" if isinstance(parameter.spec, Flag) else ""
    return f"{text[:1].upper()}{text[1:]}.{flag}"


def _texts(parameter: Parameter, values: Mapping[str, str]) -> Sequence[str]:
    """Return the values of a field; if it takes several, its lines."""
    text = values.get(parameter.name, "")
    lines: Iterable[str] = text.splitlines() if parameter.many else [" ".join(text.split())]
    return [*dict.fromkeys(line.strip() for line in lines if line.strip())]


def _quoted(text: str) -> str:
    """Return a value as one word: in double quotes if it has white space or quotes."""
    bare = text and not any(character.isspace() or character in "\"'`" for character in text)
    return text if bare else f'"{"".join(_quotable(text))}"'


def _quotable(text: str) -> Iterator[str]:
    """Yield the characters, with others for those that would end a quotation."""
    yield from ("'" if character in '"\u201c\u201d\u201e\u00ab\u00bb' else character for character in text)


def _has(command: Command, name: str) -> bool:
    return any(parameter.name == name for parameter in command.parameters)
