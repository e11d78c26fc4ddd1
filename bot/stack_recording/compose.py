"""What must be known of a compose file before Docker's CLI reads it: its files, its variables, and its lines.

A compose file is untrusted. The CLI reads the files that it names and puts in the variables of its own environment, so
both are checked first (docs/decisions/0033).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath
from typing import Any, Final

import yaml

from bot.blocks import echo, plain_line, tick
from bot.config.document import Document, Invalid, Path, dotted, parse
from bot.errors import Refused
from bot.secrets.redact import redact
from bot.text.suggest import listed

MAX_FILES: Final = 50
"""The number of files that a compose file may name."""
UNCHANGED: Final = "Nothing was changed."

# As the CLI's own template has it. A default (`-`) or an error text (`?`) is the author's answer to a missing value.
_VARIABLE: Final = re.compile(r"\$(?:\$|(?P<named>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?P<otherwise>:?[-?+])?)")
_AT_PATH: Final = re.compile(
    r"\b(?:services|networks|volumes|secrets|configs)(?:\.[\w-]+)+|(?<=\(root\) Additional property )\S+"
)


def parse_compose(content: bytes, shown: str) -> Document:
    """Return the parsed file. Raise Refused with line and key. ``shown`` is the file in words."""
    try:
        document = parse(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise Refused(f"{shown} is not UTF-8 text.", true_now=UNCHANGED) from None
    except Invalid as error:
        problems = "; ".join(plain_line(redact(str(problem))) for problem in error.problems[:3])
        raise Refused(f"{shown} is not valid: {problems}", true_now=UNCHANGED) from None
    if not isinstance(document.value, dict):
        raise Refused(f"{shown} is not a compose file: it has no keys.", true_now=UNCHANGED)
    return document


def named_files(document: Document, shown: str) -> tuple[str, ...]:
    """Return the files that the CLI would read. Raise Refused for a path that may lead out of the file's folder."""
    found: dict[str, None] = {}
    for place, value in _file_keys(document.value):
        found[_inside(document, place, value, shown)] = None
    if len(found) > MAX_FILES:
        raise Refused(f"{shown} names {len(found)} files, and {MAX_FILES} is the most.", true_now=UNCHANGED)
    return tuple(found)


def require_variables(document: Document, known: Collection[str], shown: str) -> None:
    """Raise Refused if a variable has no value: the CLI would silently put an empty text in its place."""
    missing: dict[str, int] = {}
    for node in _scalars(document.root):
        for match in _VARIABLE.finditer(node.value):
            name = match["named"] or match["braced"]
            if name and not match["otherwise"] and name not in known:
                missing.setdefault(name, node.start_mark.line + 1)
    if missing:
        variables = listed(f"{tick('${' + name + '}')} (line {line})" for name, line in missing.items())
        raise Refused(
            f"{shown} uses {variables} without a value. The CLI would put in an empty text.",
            true_now=UNCHANGED,
            next_step="Set it under `variables` of the stack in swarmbot.yml, or give it a default: `${NAME:-value}`.",
        )


def with_line(document: Document, message: str) -> str:
    """Return an error of the CLI as one line, with the line in the file if it names a key of it."""
    text = plain_line(redact(message))
    match = _AT_PATH.search(message)
    if match is None or re.search(r"\bline [0-9]+", message):
        return text
    path: list[str | int] = list(match[0].split("."))
    extra = re.search(re.escape(match[0]) + r" Additional property (\S+)", message)
    return f"line {document.line((*path, extra[1]) if extra else tuple(path))}: {text}"


def _file_keys(value: dict[str, Any]) -> Iterator[tuple[Path, object]]:
    """Yield the values at the places where the CLI expects the path of a file."""
    for section in ("configs", "secrets"):
        for name, entry in _entries(value, section):
            if "file" in entry:
                yield (section, name, "file"), entry["file"]
    for name, service in _entries(value, "services"):
        given = service.get("env_file")
        for number, each in enumerate(given if isinstance(given, list) else [given]):
            place: Path = ("services", name, "env_file", *([number] if isinstance(given, list) else []))
            if each is not None:
                yield place, each.get("path") if isinstance(each, dict) else each
        if "extends" in service:
            yield ("services", name, "extends"), service["extends"]
    if "include" in value:
        yield ("include",), value["include"]


def _entries(value: dict[str, Any], section: str) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = value.get(section)
    if isinstance(entries, dict):
        yield from ((str(name), entry) for name, entry in entries.items() if isinstance(entry, dict))


def _inside(document: Document, place: Path, value: object, shown: str) -> str:
    """Return the path of a file in the compose file's folder. What is a link is found when it is read."""
    path = PurePosixPath(value) if isinstance(value, str) else None
    if isinstance(value, str) and path is not None:
        plain = bool(value.strip()) and not re.search(r"[$\x00-\x1f\\]", value) and not value.startswith("~")
        if plain and not path.is_absolute() and ".." not in path.parts:
            return str(path)
    raise Refused(
        f"{shown}, line {document.line(place)}: {tick(dotted(place))} is {echo(str(value))}, which is not permitted.",
        true_now=UNCHANGED,
        next_step="Name a file in the folder of the compose file or below it, without `..`, `~` and variables.",
    )


def _scalars(root: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Yield every value of the file. Keys are not interpolated."""
    visited: set[int] = set()
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        if id(node) in visited:  # an alias
            continue
        visited.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.MappingNode):
            waiting += [value for _, value in reversed(node.value)]
        elif isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
