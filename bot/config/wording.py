"""Pydantic's validation errors in plain words, with the line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import UnionType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.config.base import PLAIN
from bot.config.document import ConfigProblem, Document, Path, dotted
from bot.config.models import Config
from bot.text.suggest import did_you_mean, listed

KEY_MARK = "[key]"  # how pydantic marks an error about a key instead of its value

_WANTED: dict[str, str] = {
    "string_type": "must be text",
    "int_type": "must be a whole number, without quotes",
    "tuple_type": "must be a list",
    "dict_type": "must hold keys (`key: value`)",
    "model_type": "must hold keys (`key: value`)",
    "model_attributes_type": "must hold keys (`key: value`)",
}


def problems_of(error: ValidationError, document: Document) -> list[ConfigProblem]:
    """Return every problem once, in the order of the file."""
    found = {_problem(details, document) for details in error.errors(include_url=False)}
    return sorted(found, key=lambda problem: (problem.line, problem.key))


def _problem(details: ErrorDetails, document: Document) -> ConfigProblem:
    path: Path = tuple(part for part in details["loc"] if part != KEY_MARK)
    return ConfigProblem(document.line(path), dotted(path), _wrong(details, path))


def _wrong(details: ErrorDetails, path: Path) -> str:
    kind, given = details["type"], details["input"]
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "missing":
        return "is missing."
    if kind == "too_short":
        return "is empty: it needs at least one entry."
    if kind == PLAIN:
        if KEY_MARK in details["loc"] or isinstance(given, dict):
            return f"{details['msg']}."
        wanted = details["msg"]
    else:
        wanted = _WANTED.get(kind, details["msg"])
    if given is None:
        return f"needs a value: it {wanted}."
    quotes = ": put it in quotes" if kind == "string_type" and isinstance(given, bool | int | float) else ""
    return f"is {_called(given)}, but {wanted}{quotes}."


def _unknown(path: Path) -> str:
    known = keys_at(path[:-1])
    return f"is unknown.{did_you_mean(str(path[-1]), known)} Valid keys: {listed(f'`{key}`' for key in known)}."


def keys_at(path: Path) -> tuple[str, ...]:
    """Return the keys that swarmbot.yml may have under ``path``, apart from names that people choose."""
    kind: Any = Config
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = _fields(kind)[str(part)].annotation
        else:  # dict[name, model] or tuple[model, ...]
            kind = get_args(kind)[0 if get_origin(kind) is tuple else 1]
        kind = _unwrapped(kind)
    return tuple(_fields(kind)) if isinstance(kind, type) and issubclass(kind, BaseModel) else ()


def _fields(kind: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the model's fields by the keys in the file."""
    return {field.alias or name: field for name, field in kind.model_fields.items()}


def _unwrapped(kind: Any) -> Any:
    """Return the type without its ``Annotated`` metadata, or without the None of an optional key."""
    return get_args(kind)[0] if hasattr(kind, "__metadata__") or isinstance(kind, UnionType) else kind


_NAMED: Iterable[tuple[type | tuple[type, ...], Callable[[Any], str]]] = (
    (bool, lambda value: f"{'true' if value else 'false'} (YAML reads yes, no, on and off this way)"),
    ((int, float), lambda value: f"the number {value}"),
    (str, lambda value: f"`{value}`" if value else "empty text"),
    (dict, lambda _: "a set of keys"),
    ((list, tuple), lambda _: "a list"),
)


def _called(value: Any) -> str:
    return next((name(value) for kind, name in _NAMED if isinstance(value, kind)), f"a {type(value).__name__}")
