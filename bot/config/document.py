"""A YAML document that knows the line of each key.

Keys are text as written (a host may be called ``no`` or ``1``). Duplicate keys are refused; PyYAML would silently use
the last one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Path = tuple[str | int, ...]
_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """What is wrong at one place in the file."""

    line: int
    """The line, from 1."""
    key: str
    """The dotted path of the key; "" for the whole file."""
    wrong: str

    def __str__(self) -> str:
        return f"line {self.line}: " + (f"`{self.key}` {self.wrong}" if self.key else self.wrong)


class Invalid(Exception):
    """The text is not valid; ``problems`` has at least one reason."""

    def __init__(self, *problems: ConfigProblem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Document:
    """The parsed text."""

    value: Any
    """The content as plain Python values."""
    root: yaml.Node | None

    def line(self, path: Path) -> int:
        """Return the line of the key at ``path``, or of its nearest parent in the file."""
        node, line = self.root, 1
        for part in path:
            found = _step(node, part)
            if found is None:
                break
            node, line = found
        return line


def parse(text: str) -> Document:
    """Parse one YAML document; raise :class:`Invalid`."""
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return Document(None, None)
        duplicates = tuple(_with_text_keys(root, (), set()))
        if duplicates:
            raise Invalid(*duplicates)
        return Document(loader.construct_document(root), root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Invalid(ConfigProblem(mark.line + 1 if mark else 1, "", f"not valid YAML: {error.problem}.")) from None
    except yaml.YAMLError as error:
        raise Invalid(ConfigProblem(1, "", f"not valid YAML: {str(error).splitlines()[0]}.")) from None
    except ValueError as error:
        raise Invalid(ConfigProblem(1, "", f"YAML cannot read a value: {error}.")) from None
    finally:
        loader.dispose()


def dotted(path: Path) -> str:
    """Return the path for people: ``clusters.prod.hosts.host-1``."""
    return ".".join(map(str, path))


def _step(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item, item.start_mark.line + 1
    return None


def _with_text_keys(node: yaml.Node, path: Path, visited: set[int]) -> Iterator[ConfigProblem]:
    """Make every key under ``node`` text, and yield the duplicate keys."""
    if id(node) in visited:  # an anchor, which may even contain itself
        return
    visited.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _with_text_keys(item, (*path, index), visited)
    if isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            here = (*path, str(key.value))
            if isinstance(key, yaml.ScalarNode) and key.value in first:
                yield ConfigProblem(line, dotted(here), f"is already set on line {first[key.value]}: keep one of them.")
            elif isinstance(key, yaml.ScalarNode):
                first[key.value] = line
                key.tag = key.tag if key.tag == _MERGE else _TEXT
            yield from _with_text_keys(value, here, visited)
