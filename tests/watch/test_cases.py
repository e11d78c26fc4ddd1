"""Every file of tests/watch/cases has cases: facts at several times, and what people are told.

A file has ``given`` (facts as in tests/plans) and ``cases``, by name: facts, maybe ``settings``, and ``turns``. A
turn has ``at`` (seconds), what differs in the facts from then on, maybe ``work``, ``silences`` (subject and until
when), ``acknowledged``, ``quiet``, ``extra`` and ``check`` (the routes between the nodes were checked), and what it
tells: ``told`` (messages by incident; nothing if it is not there), and where they are named ``signals``, ``noted``,
``broadcast`` (whose lines are shown in the channel too), ``entries``, ``orders`` and ``due``. In ``told`` and
``noted`` "…" stands for any lines. Times are written as ``t+12``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.watch.timeline import CASES, OF_TURN, Timeline, shown, turns

CHECKED: Final = ("signals", "told", "noted", "broadcast", "entries", "orders", "due")


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    """These facts, one after the other, result in exactly these messages."""
    given, case = CASES[name]
    timeline = Timeline(case.get("settings", {}))
    for facts, turn in turns(given, case):
        seen, stepped = timeline.turn(facts, turn["at"], turn)
        came = shown(seen, stepped)
        expected = {key: turn[key] for key in CHECKED if key in turn} | {"told": turn.get("told", {})}
        expected = {key: _filled(value, came[key]) for key, value in expected.items()}
        assert {"at": turn["at"], **{key: came[key] for key in expected}} == {"at": turn["at"], **expected}


def _filled(expected: Any, came: Any) -> Any:
    """Return what is expected, with the lines of ``came`` in place of "…"."""
    if isinstance(expected, Mapping) and isinstance(came, Mapping):
        return {key: _filled(value, came.get(key)) for key, value in expected.items()}
    if isinstance(expected, list) and "…" in expected and isinstance(came, list):
        place = expected.index("…")
        after = expected[place + 1 :]
        return [*expected[:place], *came[place : len(came) - len(after)], *after]
    return expected


def test_every_turn_is_understood() -> None:
    """No key of a turn is a mistake: what is not a turn's own is part of a description, which refuses unknown keys."""
    assert set(CHECKED) <= OF_TURN
