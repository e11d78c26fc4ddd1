"""Which names and values look like a secret: environment variables, labels and log lines that must not be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bot.secrets.free_text import masked_phrases
from bot.secrets.redact import redact
from bot.secrets.secret import MASK

_SECRET_NAME: Final = re.compile(
    r"passw(?:or)?d|passphrase|passcode|(?:^|_|pg)pass$|pwd|secret|token|api_?key|private_?key|access_?key|credential"
    r"|(?:^|_)keys?(?:_|$)|(?-i:[a-z0-9]Key)(?:_|$)|_auth$|_dsn$|salt|cookie",
    re.IGNORECASE,
)
_FILE_NAME: Final = re.compile(r"_(?:file|path|dir)$", re.IGNORECASE)
"""By convention a variable with this ending holds the path of a file with the secret, as in Docker's own images."""

_LOGGED_PAIR: Final = re.compile(
    r"""(?<![\w.-])(?P<name>[\w.-]+)(?P<joint>["']?\s*[=:]\s*)(?P<value>"[^"]*"|'[^']*'|[^\s"',;&}\]]+)"""
)
"""A name and its value, as programs log them: ``NAME=value``, ``name: "value"``, in a URL's query, in JSON."""
MIN_KNOWN_CHARS: Final = 6
"""A shorter value of a variable is not searched for: it would mask parts of other words."""
_PAIR: Final = re.compile(r"(?<![\w.-])(?=(?P<name>[\w.-]+)=(?P<value>\S+))")
"""Each ``NAME=VALUE`` of a text, also the one inside ``--env=NAME=VALUE``."""


def names_a_secret(text: str) -> bool:
    """Return whether a command has ``NAME=VALUE`` with a value that must be treated as a secret."""
    return any(looks_secret(found["name"], found["value"]) for found in _PAIR.finditer(text))


def looks_secret(name: str, value: str) -> bool:
    """Return whether the value of a variable called ``name`` must be treated as a secret.

    Its name says so (``DB_PASSWORD``, ``db.password``), or its value holds a secret by its form (:func:`redact`). The
    path of a file with a secret (``DB_PASSWORD_FILE=/run/secrets/db``) is not a secret.
    """
    if redact(value) != value:
        return True
    name = re.sub(r"[.-]", "_", name)
    if _FILE_NAME.search(name) and value.startswith("/"):
        return False
    return bool(value) and _SECRET_NAME.search(name) is not None


def masked_line(text: str, known: Iterable[str] = ()) -> str:
    """Return a line of a log without what looks like a secret, and without the ``known`` secrets anywhere in it."""
    for value in known:
        text = text.replace(value, MASK)
    return _LOGGED_PAIR.sub(_masked_pair, masked_phrases(redact(text)))


def _masked_pair(found: re.Match[str]) -> str:
    secret = looks_secret(found["name"], found["value"].strip("\"'"))
    return f"{found['name']}{found['joint']}{MASK}" if secret else found[0]


def secret_values(container: Mapping[str, Any]) -> list[str]:
    """Return the values in the environment of a ``ContainerSpec`` that look like secrets, the longest first."""
    pairs = (str(each).partition("=") for each in container.get("Env") or ())
    found = {value for name, _, value in pairs if looks_secret(name, value) and len(value) >= MIN_KNOWN_CHARS}
    return sorted(found, key=lambda value: (-len(value), value))
