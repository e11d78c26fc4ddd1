"""swarmbot.example.yml is valid and complete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel

from bot.config import Config, load

EXAMPLE = Path(__file__).parents[3] / "swarmbot.example.yml"


def test_the_example_is_valid() -> None:
    """The copied example is a file that loads."""
    config = load(EXAMPLE)
    assert set(config.clusters) == {"prod", "staging"}
    assert config.clusters["prod"].hosts["host-1"].address == "192.0.2.1"


def test_the_example_sets_every_key() -> None:
    """Nobody finds a key that the example does not have."""
    written = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    missing = [".".join(path) for path in _keys(Config) if not _is_set(written, path)]
    assert missing == []


def test_every_key_of_the_example_is_explained() -> None:
    """Each key has a comment on its line or above it, at least at one of its places; `port` needs none."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for key in {path[-1] for path in _keys(Config)} - {"port"}:
        at = [number for number, line in enumerate(lines) if line.strip(" -").startswith(f"{key}:")]
        assert any("#" in lines[number] or lines[number - 1].strip().startswith("#") for number in at), key


def _keys(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of all keys, with ``*`` for names that people choose; lists add nothing."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            key = field.alias or name
            yield (*path, key)
            yield from _keys(field.annotation, (*path, key))
    elif get_args(kind):
        star = ("*",) if getattr(kind, "__origin__", None) is dict else ()
        for inner in get_args(kind):
            yield from _keys(inner, (*path, *star))


def _is_set(value: Any, path: tuple[str, ...]) -> bool:
    if not path:
        return value is not None
    if isinstance(value, list):
        return any(_is_set(each, path) for each in value)
    if not isinstance(value, dict):
        return False
    first, *rest = path
    inner = value.values() if first == "*" else [value[first]] if first in value else []
    return any(_is_set(each, tuple(rest)) for each in inner)
