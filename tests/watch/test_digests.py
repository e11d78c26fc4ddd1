"""Every case of tests/watch/digests.yml: what a cluster is like and what happened in a day → the digest, word for word.

A case has facts as in tests/plans, and ``changes`` (job, words, outcome, hours ago), ``incidents`` (id, node, hours ago
that it began and maybe ended), ``backup_days`` (0: there is none), ``keep_days`` (how old one may be) and ``silenced``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel

from bot.model.incident import Silence
from bot.swarm.incidents.digest import MAX_LINES, Day, DayChange, Outcome, digest_message
from tests.kits.incidents import incident, signal
from tests.kits.yaml_file import read_yaml
from tests.plans.description import Description
from tests.plans.parts import NOW, STRICT
from tests.plans.showing import show_message
from tests.watch.timeline import _times

CASES: Final = read_yaml(Path(__file__).parent / "digests.yml")
HOUR_S: Final = 3600.0


class Change(BaseModel):
    """A job."""

    model_config = STRICT

    job: str
    words: str
    outcome: Outcome
    hours: float = 0.0

    def found(self) -> DayChange:
        """Return it as it is read."""
        return DayChange(self.job, self.words, "U0ADA", self.outcome, NOW - self.hours * HOUR_S if self.hours else 0.0)


class Told(BaseModel):
    """An incident: a node is down."""

    model_config = STRICT

    id: str
    node: str
    began: float
    ended: float | None = None

    def found(self) -> Any:
        """Return it as watch remembers it."""
        began = NOW - self.began * HOUR_S
        over = 0.0 if self.ended is None else NOW - self.ended * HOUR_S
        seen = incident(self.id, replace(signal(subject=self.node), since=began), resolved_at=over)
        tracked = tuple(replace(each, ended=f"`{self.node}` is ready") for each in seen.tracked)
        return replace(seen, tracked=tracked, opened_at=began, told_at=began)


class Case(BaseModel):
    """A day."""

    model_config = STRICT

    facts: Description
    changes: list[Change] = []
    incidents: list[Told] = []
    silenced: list[str] = []
    backup_days: float | None = None
    keep_days: float = 0.0
    told: list[str]


@pytest.mark.parametrize("name", CASES["cases"])
def test_case(name: str) -> None:
    """The digest says exactly this."""
    case = Case.model_validate({**CASES["cases"][name], "facts": _facts(CASES["cases"][name])})
    days = case.backup_days
    day = Day(
        facts=case.facts.facts(),
        changes=tuple(each.found() for each in case.changes),
        incidents=tuple(each.found() for each in case.incidents),
        silences=tuple(Silence("s1", "prod", each, NOW + HOUR_S, "U0ADA", "new disks") for each in case.silenced),
        last_backup=None if days is None else (NOW - days * 24 * HOUR_S if days else 0.0),
        backup_days=case.keep_days,
    )
    assert [_times(line).strip() for line in show_message(digest_message(day))] == case.told


def _facts(case: dict[str, Any]) -> dict[str, Any]:
    return {"hosts": CASES["given"]["hosts"] | case.get("facts", {}).get("hosts", {})} | {
        key: value for key, value in case.get("facts", {}).items() if key != "hosts"
    }


def test_a_busy_day_names_the_newest_and_where_the_rest_is() -> None:
    """A message stays short."""
    changes = tuple(DayChange(f"k{n}", "drain host-3", "U0ADA", "succeeded", NOW - n) for n in range(1, 31))
    facts = Description.model_validate(_facts({})).facts()
    lines = show_message(digest_message(Day(facts, changes, ())))
    assert "*30 changes in the last day*" in lines
    assert f"and {31 - MAX_LINES} more changes: `/swarm jobs`" in lines
    assert sum("`/swarm drain host-3`" in line for line in lines) == MAX_LINES - 1
