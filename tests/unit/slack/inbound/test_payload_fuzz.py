"""Signed payloads whose parts are replaced at random: each is answered 200 or 400, and none raises."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from redis import Redis
from slack_sdk import WebClient

from bot.slack.inbound.readiness import Readiness
from bot.slack.inbound.routes import Routes
from bot.slack.inbound.signature_log import SignatureLog
from bot.slack.inbound.web import Web
from bot.slack.outbound.notifier import Notifier
from tests.kits.examples import examples
from tests.kits.web_app import COMMAND, EVENT, MENTION, PRESS, SECRET, SUBMISSION, ListeningGate, ask, signed

SEED: Final = int(os.environ.get("FUZZ_SEED", "7"))
KINDS: Final[dict[str, Any]] = {
    "press": PRESS,
    "form": SUBMISSION,
    "event": EVENT,
    "mention": MENTION,
    "command": COMMAND,
}
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


@pytest.fixture
def gate() -> ListeningGate:
    """A gate that listens."""
    return ListeningGate()


@pytest.fixture
def web(gate: ListeningGate, redis_url: str, tmp_path: Path) -> Iterator[Web]:
    """The WSGI application over that gate."""
    routes = Routes(gate, Notifier(WebClient()), SECRET)
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        yield Web(routes, SECRET, Readiness(redis, tmp_path / "swarmbot.yml"), SignatureLog(redis))
    routes.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutated_payload_is_answered(web: Web, kind: str) -> None:
    """The short form; FUZZ_SEED changes what is drawn."""
    _fuzz(web, kind, examples(600), SEED)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_many_mutated_payloads_are_answered(web: Web, kind: str) -> None:
    """The long form: 100,000 in all, a new seed each time, which a failure prints."""
    _fuzz(web, kind, 25_000, random.SystemRandom().randrange(10**9))


def _fuzz(web: Web, kind: str, number: int, seed: int) -> None:
    draw = random.Random(f"{seed} {kind}")  # noqa: S311 - a seed that can be repeated
    statuses: dict[int, int] = {}
    for turn in range(number):
        body = _encoded(draw, kind, _mutated(draw, KINDS[kind]))
        status, _ = ask(web, body, CONTENT_TYPE=_content_type(body), **signed(body))
        assert status in {200, 400}, f"seed {seed}, turn {turn}: {status} for {body[:500]!r}"
        statuses[status] = statuses.get(status, 0) + 1
    assert set(statuses) == {200, 400}, f"the mutations are all alike: {statuses}"


def _mutated(draw: random.Random, payload: dict[str, Any]) -> Any:
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


def _encoded(draw: random.Random, kind: str, payload: Any) -> bytes:
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


def _content_type(body: bytes) -> str:
    return "application/json" if body[:1] in b'{["n-0123456789t' else "application/x-www-form-urlencoded"
