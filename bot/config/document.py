"""A YAML text with the line of everything in it.

Keys are text as written (a host may be called ``no`` or ``1``). Duplicate keys, of which PyYAML would silently let the
last one win, are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Path = tuple[str | int, ...]
_TEXT, _MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place of the file. ``line`` counts from 1; ``key`` is the dotted path, "" for the file."""

    line: int
    key: str
    wrong: str

    def __str__(self) -> str:
        return f"line {self.line}: " + (f"`{self.key}` {self.wrong}" if self.key else self.wrong)


class Invalid(Exception):
    """The text is no such document; ``problems`` say why, at least one."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Document:
    """The parsed text: ``value`` as plain Python, and where each key of it stands."""

    value: Any
    root: yaml.Node | None

    def line(self, path: Path) -> int:
        """The line of the key at ``path``, or of the nearest thing around it that is in the file."""
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
        raise Invalid(Problem(mark.line + 1 if mark else 1, "", f"not YAML: {error.problem}.")) from None
    except yaml.YAMLError as error:
        raise Invalid(Problem(1, "", f"not YAML: {str(error).splitlines()[0]}.")) from None
    except ValueError as error:
        raise Invalid(Problem(1, "", f"a value that YAML cannot read: {error}.")) from None
    finally:
        loader.dispose()


def dotted(path: Path) -> str:
    """``clusters.prod.hosts.host-1``, as it is written for people."""
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


def _with_text_keys(node: yaml.Node, path: Path, visited: set[int]) -> Iterator[Problem]:
    """Make every key under ``node`` text, and yield the duplicates met."""
    if id(node) in visited:  # an anchor, which may even hold itself
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
                yield Problem(line, dotted(here), f"is there already on line {first[key.value]}: keep one.")
            elif isinstance(key, yaml.ScalarNode):
                first[key.value] = line
                key.tag = key.tag if key.tag == _MERGE else _TEXT
            yield from _with_text_keys(value, here, visited)
