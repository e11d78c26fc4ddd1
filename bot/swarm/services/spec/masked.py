"""Text of a service's spec without what looks like a secret: environment, labels, options and command lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bot.secrets.free_text import CLIENTS, masked_phrases
from bot.secrets.redact import redact
from bot.secrets.secret import MASK
from bot.secrets.secret_names import looks_secret

_SIGN: Final = r"[\\\"']*+\s*+(?:[=:]\s*+|(?<=\s)(?!-))"
_NAMED: Final = re.compile(rf"(?<![\w.-])(?P<dash>-*+)(?P<name>\w[\w.-]*+)(?P<sign>{_SIGN})")
"""A name and what separates it from its value: ``=``, ``:``, or after a flag a space."""
_VALUE: Final = re.compile(r"\\*\"[^\"]*\"?|\\*'[^']*'?|[^\s,;\"']+")
BEGIN_CHARS: Final = 64
"""How much of a value decides, with its name, whether it is a secret. A value may hold a whole certificate."""
_FLAG: Final = re.compile(r"--?(?P<name>[A-Za-z_][\w.-]*)")
_WHOLE: Final = re.compile(r"(?P<start>-{0,2}(?P<name>[A-Za-z_][\w.-]*)=)(?P<value>.*)", re.DOTALL)

_CLIENT: Final = re.compile(rf"(?:^|/){CLIENTS}")
_JOINED: Final = re.compile(r"-p(?!ort\b|lugin|rotocol).")
_OTHER_P: Final = re.compile(r"(?:^|/)(?:mkdir|cp|install|ps|read|ssh|tar)$")
"""Programs whose ``-p`` takes no password. It may take one if the program is unknown, or only its image is known."""
_PORT_OR_PATH: Final = re.compile(r"[\d:.\[\]]+(?:/\w+)?|\.{0,2}/.*", re.DOTALL)


def masked_pairs(pairs: Iterable[str]) -> list[str]:
    """Return ``NAME=value`` pairs, with values masked that look like a secret. A name without a value stays."""
    return [masked_pair(*pair.partition("=")) for pair in pairs]


def masked_pair(name: str, sign: str, value: str) -> str:
    """Return one pair. A value that holds pairs itself is searched too: ``JAVA_OPTS=-Ddb.password=x``."""
    if looks_secret(name, value):
        return f"{name}{sign}{MASK}"
    return f"{name}{sign}{masked_text(value)}"


def masked_mapping(values: Mapping[str, object]) -> list[str]:
    """Return labels or options as pairs, masked in the same way."""
    return [masked_pair(name, "=", str(value)) for name, value in values.items()]


def masked_words(words: Sequence[str]) -> list[str]:
    """Return a command's words without the secrets in them: ``--token=x``, ``--token x``, ``TOKEN=x``, ``-p x``."""
    shown: list[str] = []
    name = ""
    is_client = any(map(_CLIENT.search, words))
    has_other_p = any(map(_OTHER_P.search, words[:1]))
    for word in words:
        flag, whole = _FLAG.fullmatch(word), _WHOLE.fullmatch(word)
        is_password = name == "p" and not has_other_p and (is_client or not _PORT_OR_PATH.fullmatch(word))
        if name and flag is None and (is_password or looks_secret(name, word)):
            shown.append(MASK)
        elif is_client and _JOINED.match(word):
            shown.append(f"-p{MASK}")
        elif whole and looks_secret(whole["name"], whole["value"]):
            shown.append(f"{whole['start']}{MASK}")
        else:
            shown.append(masked_text(word))
        name = flag["name"] if flag else ""
    return shown


def masked_text(text: str) -> str:
    """Return free text without tokens, keys and passwords in URLs, and without values whose names look secret.

    A value ends at a space, a comma or a semicolon unless it is quoted.
    """
    text = masked_phrases(redact(text))
    shown: list[str] = []
    end = 0
    for match in _NAMED.finditer(text):
        is_named = match["dash"] or not match["sign"].isspace()
        begin = text[match.end() : match.end() + BEGIN_CHARS].strip("\\\"'")
        if match.start() < end or not is_named or not looks_secret(match["name"], begin):
            continue
        if value := _VALUE.match(text, match.end()):
            shown += [text[end : match.end()], MASK]
            end = value.end()
    return "".join([*shown, text[end:]])
