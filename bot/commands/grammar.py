"""Reads the text of a slash command: the command, its arguments, and the options that every change has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.blocks import echo
from bot.commands.command import Command, Flag, Parameter, Word
from bot.commands.kinds import HOST, Vocabulary
from bot.commands.synonyms import plain_words
from bot.commands.words import split
from bot.errors import NotUnderstood
from bot.swarm.services.spec.masked import masked_text
from bot.text.suggest import did_you_mean, number_of

CLUSTER_FLAG = "--cluster"
REASON_FLAG = "--reason"
PLAN_FLAG = "--plan"
YES_FLAG = "--yes"
_BARE: Final = re.compile(r"""[^\s"']+""")
"""A word that needs no quotes."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """The parts of a slash command."""

    name: str
    """The command's name in lower case."""
    cluster: str
    """The value of ``--cluster``; "" if it is not given."""
    words: tuple[str, ...]
    """The other words."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options that every change has."""

    reason: str = ""
    """``--reason``: for the approvers and the audit log."""
    only_plan: bool = False
    """``--plan``: show the plan and stop."""
    accepts_costs: bool = False
    """``--yes``: do not ask the requester to confirm what the plan costs services."""


def read_options(command: Command, words: tuple[str, ...]) -> tuple[Options, tuple[str, ...]]:
    """Return the options of every change, and the other words.

    Raises NotUnderstood if a value is missing or given twice.
    """
    own = {parameter.shown for parameter in command.parameters}
    if command.plan is None:
        return Options(), words
    options = Options()
    rest: list[str] = []
    position = 0
    while position < len(words):
        name, equals, value = words[position].partition("=")
        position += 1
        if name == PLAN_FLAG and not equals:
            options = replace(options, only_plan=True)
        elif name == YES_FLAG and not equals:
            options = replace(options, accepts_costs=True)
        elif name == REASON_FLAG and name not in own:
            if not equals:
                value = _value(words, position, name, "TEXT")
                position += 1
            if options.reason:
                raise NotUnderstood(f"`{REASON_FLAG}` is given twice.")
            options = replace(options, reason=value)
        else:
            rest.append(words[position - 1])
    return options, tuple(rest)


def read_sentence(text: str) -> Sentence:
    """Split ``text``; "" means ``help``. Secrets in a ``--reason``, which is shown, are masked.

    Raises NotUnderstood for an open quote or two clusters.
    """
    words = _with_masked_reason(plain_words(split(text)))
    named: list[str] = []
    rest: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word == CLUSTER_FLAG:
            position += 1
            named.append(_value(words, position, CLUSTER_FLAG, "NAME"))
        elif word.startswith(CLUSTER_FLAG + "="):
            named.append(_value((word.partition("=")[2],), 0, CLUSTER_FLAG, "NAME"))
        else:
            rest.append(word)
        position += 1
    if len(named) > 1:
        raise NotUnderstood(f"`{CLUSTER_FLAG}` is given twice.")
    name = rest[0].lower() if rest else "help"
    return Sentence(name, "".join(named), tuple(rest[1:]))


def _with_masked_reason(words: list[str]) -> list[str]:
    """Return the words, with `***` for what looks like a secret in the reason that a person gives."""
    masked = list(words)
    for place, word in enumerate(words):
        if word == REASON_FLAG and place + 1 < len(words):
            masked[place + 1] = masked_text(words[place + 1])
        elif word.startswith(f"{REASON_FLAG}="):
            masked[place] = f"{REASON_FLAG}={masked_text(word.removeprefix(f'{REASON_FLAG}='))}"
    return masked


def typed_again(words: Iterable[str]) -> str:
    """Return the words as they can be typed: one that has a space or a quote is quoted.

    Where both kinds of quotes stand, a double one becomes a single one: nothing that is typed means the first then.
    """
    words = tuple(words)
    apostrophes = any("'" in word for word in words)
    return " ".join(word if _BARE.fullmatch(word) else _quoted(word, single=not apostrophes) for word in words)


def _quoted(word: str, *, single: bool) -> str:
    if '"' not in word:
        return f'"{word}"'
    return f"'{word}'" if single else '"{}"'.format(word.replace('"', "'"))


def read_arguments(command: Command, words: tuple[str, ...], vocabulary: Vocabulary) -> Any:
    """Return the command's arguments. Raises NotUnderstood with what is wrong and the usage; see Command.validate."""
    try:
        arguments = command.arguments(**_fill(command, words, vocabulary))
    except NotUnderstood as error:
        step = f"{error.next_step} Usage: {usage_text(command)}.".strip()
        raise NotUnderstood(error.happened, next_step=step) from None
    command.validate(arguments)
    return arguments


def usage_text(command: Command) -> str:
    """Return the usage, without the flags if it would be too long."""
    longest = 160
    if len(command.usage) <= longest:
        return f"`{command.usage}`"
    words = [p.shown + "…" * p.many for p in command.parameters if isinstance(p.spec, Word)]
    return f"`/swarm {' '.join((command.word, *words))} [--…]`; `/swarm help {command.word}` shows the flags"


def _fill(command: Command, words: tuple[str, ...], vocabulary: Vocabulary) -> dict[str, Any]:
    flags, rest = _take_flags(command, words)
    values = {name: _values(command, name, texts, vocabulary) for name, texts in flags.items()}
    values |= _take_words(command, rest, vocabulary)
    for parameter in command.parameters:
        if parameter.required and parameter.name not in values:
            raise NotUnderstood(f"`{command.name}` needs {_wanted(parameter)}.")
    return values


def _take_flags(command: Command, words: tuple[str, ...]) -> tuple[dict[str, list[str]], list[str]]:
    flags: dict[str, Parameter] = {p.shown: p for p in command.parameters if isinstance(p.spec, Flag)}
    taken: dict[str, list[str]] = {}
    rest: list[str] = []
    position = 0
    while position < len(words):
        name, equals, value = words[position].partition("=")
        position += 1
        if not name.startswith("--"):
            rest.append(words[position - 1])
            continue
        parameter = _flag(command, name.lower(), flags)
        if parameter.is_switch:
            if equals and value.lower() not in {"true", "yes"}:
                raise NotUnderstood(f"{echo(name)} takes no value.")
            value = ""
        elif not equals:
            value = _value(words, position, name, parameter.kind.shown)
            position += 1
        elif not value:
            raise _wants_value(name, parameter.kind.shown)
        if parameter.name in taken and not parameter.many:
            raise NotUnderstood(f"{echo(name)} is given twice.")
        taken.setdefault(parameter.name, []).append(value)
    return taken, rest


def _take_words(command: Command, words: list[str], vocabulary: Vocabulary) -> dict[str, Any]:
    values: dict[str, Any] = {}
    left = list(words)
    parameters = [p for p in command.parameters if isinstance(p.spec, Word)]
    for number, parameter in enumerate(parameters, 1):
        texts, left = _split(left, parameters[number:]) if parameter.many else (left[:1], left[1:])
        if texts:
            values[parameter.name] = _values(command, parameter.name, texts, vocabulary)
    if left:
        raise NotUnderstood(f"`{command.name}` does not take {echo(left[0])}.")
    return values


def _split(words: list[str], later: list[Parameter]) -> tuple[list[str], list[str]]:
    """Return the words for a parameter that takes several, and those that only a later one can take."""
    claimed = [any(parameter.kind.claims(word) for parameter in later) for word in words]
    return (
        [word for word, is_claimed in zip(words, claimed, strict=True) if not is_claimed],
        [word for word, is_claimed in zip(words, claimed, strict=True) if is_claimed],
    )


def _values(command: Command, name: str, texts: list[str], vocabulary: Vocabulary) -> Any:
    parameter = next(p for p in command.parameters if p.name == name)
    if parameter.is_switch:
        return True
    kind = parameter.kind
    if kind.shown.isupper() and kind.shown in texts:
        raise NotUnderstood(f"{echo(kind.shown)} is a placeholder.", next_step="Type a value of your own in its place.")
    values = [value for text in texts for value in kind.read(text, vocabulary)]
    if parameter.many:
        _refuse_twice(parameter, texts)
        return tuple(dict.fromkeys(values))
    if len(values) != 1:
        found = number_of(len(values), kind.shown.lower())
        raise NotUnderstood(f"{echo(texts[0])} stands for {found}, but only one can be given here.")
    return values[0]


def _refuse_twice(parameter: Parameter, texts: list[str]) -> None:
    """Raise NotUnderstood if a word or a host is repeated: it is probably a mistake. A range may overlap a name."""
    hosts = parameter.kind is HOST
    named = [part for text in texts for part in text.split(",") if part] if hosts else texts
    twice = [text for text in named if named.count(text) > 1]
    if twice and (hosts or isinstance(parameter.spec, Word)):
        raise NotUnderstood(f"{echo(twice[0])} is given twice.")


def _flag(command: Command, name: str, flags: Mapping[str, Parameter]) -> Parameter:
    if name in flags:
        return flags[name]
    raise NotUnderstood(f"`{command.name}` has no {echo(name)}.{did_you_mean(name, flags)}")


def _value(words: tuple[str, ...] | list[str], position: int, flag: str, shown: str) -> str:
    if position >= len(words) or not words[position] or words[position].startswith("--"):
        raise _wants_value(flag, shown)
    return words[position]


def _wants_value(flag: str, shown: str) -> NotUnderstood:
    return NotUnderstood(f"`{flag}` needs a value: `{flag} {shown}`.")


def _wanted(parameter: Parameter) -> str:
    return f"`{parameter.shown}`: {parameter.spec.help}"
