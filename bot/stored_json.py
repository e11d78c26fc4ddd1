"""JSON text of frozen dataclasses, as Redis and files keep it. Pydantic checks the types when it is read.

What is read must have the fields without a default; unknown fields are ignored. Raises ValueError (pydantic's
ValidationError) for anything else.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")

_adapter: Final[Callable[[Any], TypeAdapter[Any]]] = functools.cache(TypeAdapter)


def to_plain(value: object) -> Any:
    """Return ``value`` as JSON values: dicts, lists, strings, numbers. Raises ValueError for a Secret in it."""
    return _adapter(type(value)).dump_python(value, mode="json")


def to_json(value: object) -> str:
    """Return ``value`` as canonical JSON text: keys sorted, no white space. Equal values have equal texts."""
    return json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def from_plain(kind: type[T], plain: object) -> T:
    """Return the ``kind`` that :func:`to_plain` wrote."""
    value: T = _adapter(kind).validate_python(plain)
    return value


def from_json(kind: type[T], text: str | bytes) -> T:
    """Return the ``kind`` that :func:`to_json` wrote."""
    value: T = _adapter(kind).validate_json(text)
    return value


def from_hash(kind: type[T], fields: Mapping[str, Any]) -> T:
    """Return the ``kind`` of a Redis hash, whose values are texts. A field that is "" has its default."""
    return from_plain(kind, {name: value for name, value in fields.items() if value != ""})
