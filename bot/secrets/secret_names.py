"""Which names and values look like a secret: environment variables, labels and log lines that must not be shown."""

from __future__ import annotations

import re
from typing import Final

from bot.secrets.redact import redact

_SECRET_NAME: Final = re.compile(
    r"passw(?:or)?d|passphrase|(?:^|_|pg)pass$|pwd|secret|token|api_?key|private_?key|access_?key|credential|_key$|^key$|_auth$"
    r"|_dsn$|salt|cookie",
    re.IGNORECASE,
)
_FILE_NAME: Final = re.compile(r"_(?:file|path|dir)$", re.IGNORECASE)
"""By convention such a variable holds the path of a file with the secret, as Docker's own images have it."""

_PAIR: Final = re.compile(r"(?<![\w.-])(?=(?P<name>[\w.-]+)=(?P<value>\S+))")
"""Each ``NAME=VALUE`` of a text, also the one inside ``--env=NAME=VALUE``."""


def names_a_secret(text: str) -> bool:
    """Return whether a command has ``NAME=VALUE`` with a value that must be treated as a secret."""
    return any(looks_secret(found["name"], found["value"]) for found in _PAIR.finditer(text))


def looks_secret(name: str, value: str) -> bool:
    """Return whether the value of a variable called ``name`` must be treated as a secret.

    Its name says so (``DB_PASSWORD``), or its value holds a token, a key or a URL with a password. The path of a file
    with a secret (``DB_PASSWORD_FILE=/run/secrets/db``) is none.
    """
    if redact(value) != value:
        return True
    if _FILE_NAME.search(name) and value.startswith("/"):
        return False
    return bool(value) and _SECRET_NAME.search(name) is not None
