"""Other words for commands: those of docker and kubectl. What somebody means is mapped, never guessed by spelling."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

SYNONYMS: Final = MappingProxyType(
    {
        "undrain": "activate",
        "uncordon": "activate",
        "cordon": "pause",
        "ls": "nodes",
        "list": "nodes",
        "rm": "remove",
        "join-token": "token",
        "ack": "acknowledge",
        "--help": "help",
        "-h": "help",
        "version": "hosts",  # it shows the engine version of each
        "--version": "hosts",
    }
)
OBJECT_COMMANDS: Final = MappingProxyType(
    {
        ("node", "ls"): "nodes",
        ("node", "list"): "nodes",
        ("node", "ps"): "node",
        ("node", "inspect"): "node",
        ("node", "promote"): "promote",
        ("node", "demote"): "demote",
        ("node", "rm"): "remove",
        ("service", "ls"): "services",
        ("service", "list"): "services",
        ("service", "ps"): "ps",
        ("service", "inspect"): "service",
        ("service", "scale"): "scale",
        ("service", "update"): "update-service",
        ("service", "rollback"): "rollback",
        ("service", "rm"): "remove-service",
        ("stack", "ls"): "stacks",
        ("stack", "list"): "stacks",
        ("stack", "ps"): "ps",
        ("stack", "services"): "services",
        ("network", "ls"): "networks",
        ("secret", "ls"): "secrets",
        ("config", "ls"): "configs",
        ("volume", "ls"): "volumes",
    }
)
"""The commands of `docker node`, `docker service` and so on, by both of their words."""
CONTAINER_COMMANDS: Final = frozenset({"container", "exec", "kill", "ps", "restart", "run", "start", "stop"})
"""The commands of `docker` about single containers: Swarmbot has none of them."""
PREFIXES: Final = frozenset({"docker", "swarm", "/swarm"})
HELP_FLAGS: Final = frozenset({"--help", "-h"})


def plain_words(words: Sequence[str]) -> list[str]:
    """Return an order in Swarmbot's own words: ``docker node ls`` is ``nodes``, and ``drain --help`` is ``help drain``.

    A word that is no synonym stays as it is, and so does an order of `docker` about single containers.
    """
    rest = list(words)
    if [word.lower() for word in rest[:1]] == ["docker"] and {word.lower() for word in rest[1:2]} & CONTAINER_COMMANDS:
        return rest
    while rest and rest[0].lower() in PREFIXES:
        del rest[0]
    if len(rest) > 1 and (own := OBJECT_COMMANDS.get((rest[0].lower(), rest[1].lower()))):
        rest[:2] = [own]
    if rest:
        rest[0] = SYNONYMS.get(rest[0].lower(), rest[0])
    if HELP_FLAGS & set(rest[1:]):
        return ["help"] if rest[0] == "help" else ["help", rest[0]]
    return rest
