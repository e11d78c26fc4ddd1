"""What a word of a command can be: each kind turns text into a value or says what it expected."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.blocks import echo
from bot.commands.synonyms import plain_words
from bot.errors import NotUnderstood
from bot.text.durations import MAX_DURATION_S, MAX_DURATION_WEEKS, read_duration
from bot.text.suggest import did_you_mean

DURATIONS: Final = "it like `90m`, `12h` or `30d`"
"""Examples that every command takes."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that words can mean: the hosts of the cluster that was chosen, its name, and all commands."""

    cluster: str = ""
    hosts: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    """The names and host names of nodes, as they were last read. Only for words that may mean a node or a service."""
    services: tuple[str, ...] = ()
    """The names of services, as they were last read."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of word: how usage shows it, and how a text becomes values (several for ``host-[3-5]``)."""

    shown: str
    read: Callable[[str, Vocabulary], list[Any]]
    claims: Callable[[str], bool] = lambda _: False
    """Whether a text can only be of this kind, so that an earlier word that takes several values leaves it."""
    words: tuple[str, ...] = ()
    """All words that it can be, if these are few."""
    names: Literal["", "hosts", "nodes", "stacks", "subjects"] = ""
    """The known names that it can be, for a form to offer; "" if it is typed freely. Subjects: nodes, services, all."""
    service: Callable[[Any], str] | None = None
    """Returns the service that a value names: a change is refused early if it does not exist. None: values name no
    service."""


ALL_NODES = "all"
"""Stands for every node where a word is ``NODE_OR_ALL``."""
_RANGE = re.compile(r"^(?P<head>[^\[\]]*)\[(?P<first>[0-9]{1,9})-(?P<last>[0-9]{1,9})\](?P<tail>[^\[\]]*)$")
_MOST_AT_ONCE = 100


def choice(*words: str) -> Kind:
    """One of ``words``."""

    def read(text: str, _: Vocabulary) -> list[Any]:
        if text.lower() in words:
            return [text.lower()]
        raise NotUnderstood(f"{echo(text)} is not one of {', '.join(f'`{word}`' for word in words)}.")

    return Kind("|".join(words), read, words=words)


def _host(text: str, vocabulary: Vocabulary) -> list[Any]:
    names = [name for part in text.split(",") if part for name in _expand(part)] or [text]
    unknown = [name for name in names if name not in vocabulary.hosts]
    if unknown:
        closest = did_you_mean(unknown[0], vocabulary.hosts)
        raise NotUnderstood(
            f"{echo(unknown[0])} is not in swarmbot.yml for {vocabulary.cluster}.{closest}",
            next_step=f"Hosts: {_shown(vocabulary.hosts)}.",
        )
    return [*names]


def _expand(text: str) -> list[str]:
    match = _RANGE.match(text)
    if match is None:
        return [text]
    first, last = int(match["first"]), int(match["last"])
    if not first <= last < first + _MOST_AT_ONCE:
        raise NotUnderstood(
            f"{echo(text)} is not a range of 1 to {_MOST_AT_ONCE} hosts.", next_step="Write `host-[3-5]`."
        )
    width = len(match["first"]) if match["first"].startswith("0") else 0
    return [f"{match['head']}{number:0{width}d}{match['tail']}" for number in range(first, last + 1)]


def _shown(hosts: tuple[str, ...]) -> str:
    few = 6
    if len(hosts) <= few:
        return ", ".join(f"`{host}`" for host in hosts)
    return f"`{hosts[0]}` … `{hosts[-1]}` ({len(hosts)}), all in `/swarm hosts`"


def _duration(text: str, _: Vocabulary) -> list[Any]:
    return [seconds(text)]


def seconds(text: str) -> float:
    """Read ``90m``, ``2h30m``, ``12w`` as seconds; NotUnderstood for anything else."""
    length = read_duration(text)
    if length is None:
        raise NotUnderstood(f"{echo(text)} is not a duration.", next_step=f"Write {DURATIONS}.")
    if length > MAX_DURATION_S:
        raise NotUnderstood(f"{echo(text)} is longer than `{MAX_DURATION_WEEKS}w`.", next_step=f"Write {DURATIONS}.")
    return length


def number(shown: str, least: int, most: int) -> Kind:
    """A whole number from ``least`` to ``most``."""

    def read(text: str, _: Vocabulary) -> list[Any]:
        if re.fullmatch(r"-?[0-9]{1,18}", text) and least <= int(text) <= most:
            return [int(text)]
        raise NotUnderstood(f"{echo(text)} is not a whole number from {least} to {most}.")

    return Kind(shown, read)


def _network(text: str, _: Vocabulary) -> list[Any]:
    try:
        return [str(ipaddress.ip_network(text))]
    except ValueError:
        raise NotUnderstood(f"{echo(text)} is not a network.", next_step="Write it like `10.20.0.0/16`.") from None


def _label(text: str, _: Vocabulary) -> list[Any]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise NotUnderstood(f"{echo(text)} is not a label.", next_step="Write it as `key=value`.")
    return [(key, value)]


def _node(text: str, _: Vocabulary) -> list[Any]:
    names = [name for part in text.split(",") if part.strip() for name in _expand(part)]
    return names or _text(text, Vocabulary())


def _service(text: str, _: Vocabulary) -> list[Any]:
    return [part for part in text.split(",") if part.strip()] or _text(text, Vocabulary())


def _person(text: str, _: Vocabulary) -> list[Any]:
    match = re.fullmatch(r"@?([UW][A-Z0-9]{2,})", text)
    if match is None:
        raise NotUnderstood(
            f"{echo(text)} is not a mention, and Slack does not tell whose name it is.",
            next_step="Type `@` and choose the person in Slack's list, or give the member id from their profile: "
            "`U012AB3CD`.",
        )
    return [match[1]]


def _command(text: str, vocabulary: Vocabulary) -> list[Any]:
    name = " ".join(plain_words(text.lower().split()))
    if name in vocabulary.commands:
        return [name]
    raise NotUnderstood(f"{echo(text)} is not a command.{did_you_mean(name, vocabulary.commands)}")


def _text(text: str, _: Vocabulary) -> list[Any]:
    if not text.strip():
        raise NotUnderstood("Empty quotes mean nothing here.")
    return [text]


def text(shown: str) -> Kind:
    """Any words, taken as they are."""
    return Kind(shown, _text)


HOST = Kind("HOST", _host, names="hosts")
COMMAND = Kind("COMMAND", _command)
NODE = Kind("NODE", _node, names="nodes")
NODE_OR_ALL = Kind("NODE|all", _node)
SERVICE = Kind("SERVICE", _service, service=str)
DURATION = Kind("DURATION", _duration)
NETWORK = Kind("NETWORK", _network)
LABEL = Kind("KEY=VALUE", _label, claims=lambda text: "=" in text)
PERSON = Kind("@PERSON", _person)
ADDRESS = text("ADDRESS")
