"""Text of a service's spec without what looks like a secret: environment, labels, options and command lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bot.secrets.redact import redact
from bot.secrets.secret import MASK
from bot.secrets.secret_names import looks_secret

_ASSIGNMENT: Final = re.compile(r"(?P<dashes>-{0,2})(?P<name>[A-Za-z_][\w.-]*)(?P<sign>[=:])(?P<value>[^\s,;\"']+)")
_FLAG: Final = re.compile(r"--?(?P<name>[A-Za-z_][\w.-]*)")


def masked_pairs(pairs: Iterable[str]) -> list[str]:
    """Return ``NAME=value`` pairs, the values masked that look like a secret. A name without a value stays."""
    return [masked_pair(*pair.partition("=")) for pair in pairs]


def masked_pair(name: str, sign: str, value: str) -> str:
    """Return one such pair. A value that holds pairs itself is searched too: ``JAVA_OPTS=-Ddb.password=x``."""
    if looks_secret(_folded(name), value):
        return f"{name}{sign}{MASK}"
    return f"{name}{sign}{masked_text(value)}"


def masked_mapping(found: Mapping[str, object]) -> list[str]:
    """Return labels or options as pairs, masked in the same way."""
    return [masked_pair(name, "=", str(value)) for name, value in found.items()]


def masked_words(words: Sequence[str]) -> list[str]:
    """Return a command's words without the secrets in them: ``--token=x``, ``--token x``, ``TOKEN=x``."""
    shown: list[str] = []
    name = ""
    for word in words:
        flag = _FLAG.fullmatch(word)
        is_secret = bool(name) and flag is None and looks_secret(name, word)
        shown.append(MASK if is_secret else masked_text(word))
        name = _folded(flag["name"]) if flag else ""
    return shown


def masked_text(text: str) -> str:
    """Return free text without tokens, keys and passwords in URLs, and without values whose names look secret."""
    return _ASSIGNMENT.sub(_masked_assignment, redact(text))


def _masked_assignment(found: re.Match[str]) -> str:
    if not looks_secret(_folded(found["name"]), found["value"]):
        return found[0]
    return f"{found['dashes']}{found['name']}{found['sign']}{MASK}"


def _folded(name: str) -> str:
    """Return a name as environment variables are written: ``api_key`` for ``api-key`` and ``api.key``."""
    return re.sub(r"[.-]", "_", name)
