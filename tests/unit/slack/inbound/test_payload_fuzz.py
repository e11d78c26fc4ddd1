"""Signed payloads whose parts are replaced at random: each is answered 200 or 400, and none raises."""

from __future__ import annotations

import os
import random
from typing import Any, Final

import pytest

from bot.slack.inbound.web import Web
from tests.kits.examples import examples
from tests.kits.payload_fuzz import content_type, encoded, mutated
from tests.kits.web_app import (
    COMMAND,
    EVENT,
    MENTION,
    PRESS,
    SHORTCUT,
    SUBMISSION,
    ask,
    signed,
)

SEED: Final = int(os.environ.get("FUZZ_SEED", "7"))
KINDS: Final[dict[str, Any]] = {
    "press": PRESS,
    "shortcut": SHORTCUT,
    "form": SUBMISSION,
    "event": EVENT,
    "mention": MENTION,
    "command": COMMAND,
}


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
        body = encoded(draw, kind, mutated(draw, KINDS[kind]))
        status, _ = ask(web, body, CONTENT_TYPE=content_type(body), **signed(body))
        assert status in {200, 400}, f"seed {seed}, turn {turn}: {status} for {body[:500]!r}"
        statuses[status] = statuses.get(status, 0) + 1
    assert set(statuses) == {200, 400}, f"the mutations are all alike: {statuses}"
