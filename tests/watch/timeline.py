"""Runs a case: facts at several times, one after the other, and what people are told at each.

State goes through JSON between two turns, as through a restart. Each turn is made twice: the second time tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from bot.model import Facts, FactsQuery
from bot.model.incident import Acknowledgement, Advanced, PlannedWork, Silence, WatchSettings, WatchState
from bot.model.observation import Extra, Observation, ShownToken
from bot.stored_json import from_json, to_json
from bot.swarm.incidents.incident_message import incident_message, orders_of
from bot.swarm.incidents.observation import nothing_read, observe
from bot.swarm.incidents.transitions import advance
from tests.kits.yaml_file import read_yaml
from tests.plans.description import Description
from tests.plans.parts import NOW, STRICT
from tests.plans.showing import show_message

OF_TURN: Final = {
    "at",
    "only_time",
    "check",
    "work",
    "silences",
    "acknowledged",
    "quiet",
    "extra",
    "signals",
    "told",
    "noted",
    "broadcast",
    "entries",
    "orders",
    "due",
}
_WHEN: Final = re.compile(r"<!date\^(\d+)\^[^>]*>")


def _cases() -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]:
    found: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
    for path in sorted((Path(__file__).parent / "cases").glob("*.yml")):
        content = read_yaml(path)
        found |= {f"{path.stem}: {name}": (content["given"], case) for name, case in content["cases"].items()}
    return found


CASES: Final = _cases()
"""What is given and the case, by file and name."""


class Work(BaseModel):
    """A job; ``ended``: seconds from the beginning of the case."""

    model_config = STRICT

    words: str
    names: list[str] = []
    ended: float | None = None

    def facts(self) -> PlannedWork:
        """Return the job as the process supplies it."""
        return PlannedWork("k7f3", self.words, tuple(self.names), 0.0 if self.ended is None else NOW + self.ended)


class Known(BaseModel):
    """What watch knows beside facts, in seconds or days from the beginning of the case."""

    model_config = STRICT

    redis: list[str] | None = None
    audit: str | None = None
    backup_days: float | None = None
    """0 for none."""
    tokens: dict[str, float] | None = None
    """By role, how many days ago it was shown."""

    def facts(self) -> Extra:
        """Return it as the process supplies it."""
        days = self.backup_days
        shown = None if self.tokens is None else tuple(self.tokens.items())
        return Extra(
            redis_problems=None if self.redis is None else tuple(self.redis),
            audit_problem=self.audit,
            last_backup=None if days is None else (NOW - days * 86400 if days else 0.0),
            tokens=None
            if shown is None
            else tuple(
                ShownToken("manager" if role == "manager" else "worker", NOW - days * 86400, "U0ADA")
                for role, days in shown
            ),
        )


class Timeline:
    """One case while it runs."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = WatchSettings(**settings)
        self.state = WatchState(read_at=NOW)
        self._ids = map("i{}".format, count(1))

    def turn(self, facts: Facts | None, at: float, turn: Mapping[str, Any]) -> tuple[Observation, Advanced]:
        """Make one turn; without facts, only time passes."""
        seen = nothing_read("prod", NOW + at)
        if facts is not None:
            known = Known.model_validate(turn.get("extra", {})).facts()
            facts = replace(facts, at=NOW + at)
            seen = observe(self.state, facts, self.settings, known, facts if turn.get("check") else None)
        more: dict[str, Any] = {
            "silences": [
                Silence(f"s{number}", "prod", subject, NOW + until, "U0ADA", "work")
                for number, (subject, until) in enumerate(turn.get("silences", {}).items(), 1)
            ],
            "work": [Work.model_validate(each).facts() for each in turn.get("work", [])],
            "acknowledged": [
                Acknowledgement(incident, by, NOW + at) for incident, by in turn.get("acknowledged", {}).items()
            ],
            "quiet": turn.get("quiet", ""),
            "settings": self.settings,
            "new_id": lambda: next(self._ids),
        }
        stepped = advance(self.state, seen, **more)
        self.state = from_json(WatchState, to_json(stepped.state))
        assert self.state == stepped.state, "the state survives its storage"
        again = advance(self.state, seen, **more)
        assert (again.told, again.noted, again.entries) == ((), (), ()), "nothing is told twice"
        assert again.state == self.state, "the same observation changes nothing more"
        return seen, stepped


def turns(given: Mapping[str, Any], case: Mapping[str, Any]) -> Iterator[tuple[Facts | None, Mapping[str, Any]]]:
    """Yield the facts of each turn, None if only time passes, and the turn."""
    for described, turn in descriptions(given, case):
        query = FactsQuery(mesh=bool(turn.get("check")))
        yield None if turn.get("only_time") else Description.model_validate(described).facts(query), turn


def descriptions(
    given: Mapping[str, Any], case: Mapping[str, Any]
) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
    """Yield what describes the facts of each turn, and the turn. What a turn says holds until another one says more.

    Hosts and services are merged by name; null takes one out.
    """
    now: dict[str, Any] = {}
    for layer in (given, {key: value for key, value in case.items() if key not in {"settings", "turns"}}):
        now = _merged(now, layer)
    for turn in case["turns"]:
        now = _merged(now, {key: value for key, value in turn.items() if key not in OF_TURN})
        present: dict[str, Any] = {part: _without_none(now[part]) for part in ("hosts", "services") if part in now}
        described = {**now, **present}
        yield described, turn


def shown(seen: Observation, stepped: Advanced) -> dict[str, Any]:
    """Return what a turn showed and told, in the words of a case."""
    return {
        "signals": [each.key for each in seen.signals],
        "told": {each.id: _lines(show_message(incident_message(each, seen.at))) for each in stepped.told},
        "noted": {each.incident: _lines(each.text.split("\n")) for each in stepped.noted},
        "entries": [f"{each.incident}: {each.action}: {_times(each.detail)}" for each in stepped.entries],
        "orders": {each.id: orders_of(each) for each in stepped.state.incidents},
        "broadcast": [each.incident for each in stepped.noted if each.broadcast],
        "due": round(stepped.due - NOW, 1) if stepped.due else 0,
    }


def _lines(lines: list[str]) -> list[str]:
    return [_times(line).strip() for line in lines]


def _times(text: str) -> str:
    """Return the text with each time as seconds from the beginning of the case: "t+12"."""
    return _WHEN.sub(lambda found: f"t{int(found[1]) - int(NOW):+d}", text)


def _without_none(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return both."""
    parts = {
        name: {**one[name], **value}
        for name, value in other.items()
        if name in {"hosts", "services"} and isinstance(one.get(name), Mapping)
    }
    return {**one, **other, **parts}
