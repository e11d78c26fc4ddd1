"""Payloads of Slack's whose parts are replaced at random."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final
from urllib.parse import urlencode

JUNK: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1.5,
    10**30,
    "",
    "x",
    "\ud800",
    "a" * 70_000,
    "<!channel> *bold*\n",
    [],
    [None],
    {},
    {"id": None},
    {"text": ["x"]},
    [[[]]],
)
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"


def mutated(draw: Random, payload: dict[str, Any]) -> Any:
    """Return a copy in which one to three parts are replaced or missing; rarely something else altogether."""
    mutant = copy.deepcopy(payload)
    for _ in range(draw.randint(1, 3)):
        places = list(_places(mutant))
        if not places:
            return mutant
        parent, key = draw.choice(places)
        if isinstance(parent, dict) and draw.random() < 0.3:
            del parent[key]
        else:
            parent[key] = copy.deepcopy(draw.choice(JUNK))
    return mutant if draw.random() > 0.02 else draw.choice(JUNK)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in list(children):
        yield value, key
        yield from _places(child)


def encoded(draw: Random, kind: str, payload: Any) -> bytes:
    """Return the body of a request as Slack encodes this kind; sometimes with one wrong character."""
    if kind == "command" and isinstance(payload, dict) and draw.random() < 0.5:
        text = {name: "" if value is None else str(value).replace("\ud800", "?") for name, value in payload.items()}
        body = urlencode(text).encode()
    elif kind in {"event", "mention", "command"}:
        body = json.dumps(payload).encode()
    else:
        body = urlencode({"payload": json.dumps(payload)}).encode()
    if draw.random() < 0.1 and body:
        place = draw.randrange(len(body))
        body = body[:place] + bytes([draw.randrange(32, 127)]) + body[place + 1 :]
    return body


def content_type(body: bytes) -> str:
    """Return the content type that fits the beginning of a body."""
    return JSON if body[:1] in b'{["n-0123456789t' else FORM
