"""Words that people type for two commands: `update`, `remove`, `pause`, `resume` are about services, or the cluster.

A service's `update` names one, the cluster's names nothing. With the others the name decides. The chosen command acts
only on its own kind: a service is never removed as a node, nor a node as a service (docs/decisions/0030).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Final

from bot.commands.command import Command, Flag
from bot.commands.grammar import CLUSTER_FLAG, PLAN_FLAG, REASON_FLAG, YES_FLAG, Sentence
from bot.commands.kinds import Vocabulary
from bot.commands.registry import CommandRegistry
from bot.secrets.redact import redact
from bot.swarm.services.service_names import shared_name

SERVICE_FLAG: Final = "--service"
NODE_FLAG: Final = "--node"


@dataclass(frozen=True, slots=True)
class SharedWord:
    """The two commands that a word means."""

    other: str
    """The name of the command about the cluster or its nodes."""
    service: str
    """The name of the command about services."""
    by_name: bool
    """Whether the named thing decides; otherwise it matters whether anything is named."""
    unknown: str
    """The command for a name that was not in the last reading: something newer, or the start of a node's id.

    If nothing was read for an hour, the name of a host of swarmbot.yml means a node, and any other one a service."""


SHARED_WORDS: Final[Mapping[str, SharedWord]] = MappingProxyType(
    {
        "update": SharedWord("update", "update-service", by_name=False, unknown="update"),
        "remove": SharedWord("remove", "remove-service", by_name=True, unknown="remove"),
        "pause": SharedWord("pause", "pause-service", by_name=True, unknown="pause"),
        "resume": SharedWord("activate", "resume", by_name=True, unknown="resume"),
    }
)


def meant_command(commands: CommandRegistry, sentence: Sentence, vocabulary: Vocabulary) -> Command:
    """Return the command that is meant. Raise NotUnderstood for a name that a node and a service have in common."""
    shared = SHARED_WORDS.get(sentence.name)
    if shared is None:
        return commands.find(sentence.name)
    named, flags = _parts(sentence, commands[shared.other], commands[shared.service])
    if not shared.by_name:
        return commands[shared.service if named else shared.other]
    if SERVICE_FLAG in sentence.words:
        return commands[shared.service]
    machines = {*vocabulary.hosts, *vocabulary.nodes}
    nodes = [name for name in named if name in machines]
    services = [name for name in named if name in vocabulary.services]
    both = [name for name in nodes if name in services]
    if both and NODE_FLAG not in sentence.words:
        if sentence.cluster:
            flags.append((CLUSTER_FLAG, sentence.cluster))
        typed = [_typed(flags, commands[name]) for name in (shared.service, shared.other)]
        raise shared_name(both[0], vocabulary.cluster, sentence.name, *typed)
    if NODE_FLAG in sentence.words or nodes:
        return commands[shared.other]
    return commands[shared.service if services or not vocabulary.nodes else shared.unknown]


def commands_typed(commands: CommandRegistry, name: str) -> list[Command]:
    """Return the one or two commands that people mean by ``name``. Raise NotUnderstood if none."""
    shared = SHARED_WORDS.get(name)
    if shared is None:
        return [commands.find(name)]
    return [commands[shared.other], commands[shared.service]]


def _parts(sentence: Sentence, *forms: Command) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return the names, which a comma may join, and the flags, each with its value."""
    takes_value = {
        parameter.shown
        for command in forms
        for parameter in command.parameters
        if isinstance(parameter.spec, Flag) and parameter.spec.kind
    } | {REASON_FLAG}
    names: list[str] = []
    flags: list[tuple[str, ...]] = []
    words = iter(sentence.words)
    for word in words:
        if word.startswith("--"):
            flags.append((word, *islice(words, int(word.lower() in takes_value))))
        else:
            names += [part for part in word.split(",") if part]
    return names, flags


def _typed(flags: list[tuple[str, ...]], command: Command) -> str:
    """Return those of the typed flags that ``command`` has, as they can be typed again, with secrets masked."""
    known = {parameter.shown for parameter in command.parameters} | {CLUSTER_FLAG, PLAN_FLAG, REASON_FLAG, YES_FLAG}
    known_flags = [flag for flag in flags if flag[0].partition("=")[0].lower() in known]
    return redact(" ".join(shlex.join(flag) for flag in known_flags))
