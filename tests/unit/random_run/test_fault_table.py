"""The table of faults: an order counts at each step at which a fault met it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tests.kits.random_run.fault_table import add_run, rows_of
from tests.kits.random_run.history import Disturbance, IncidentRecord
from tests.kits.random_run.lookups import Violation
from tests.unit.random_run.test_checker import GOOD

KILLED = Disturbance("kill", "worker.1", 12.0, 12.5)
SILENT = Disturbance("slack", "slack", 11.45, 20.0)
INCIDENT = IncidentRecord("4k7d", "node down", open=False, told=True, posted_at=(9.0,), opened_at=8.0, resolved_at=12.2)
HISTORY = replace(GOOD, disturbances=(KILLED, SILENT), incidents=(INCIDENT,))


def test_what_a_fault_met() -> None:
    """The kill met the change in its middle, and an incident; Slack's outage met also the end of the question."""
    rows = rows_of(HISTORY, [])
    assert {key: dict(counts) for key, counts in rows.items()} == {
        ("worker", "kill", "change carried out"): {"hit": 1, "done": 1},
        ("worker", "kill", "incident"): {"hit": 1, "done": 1},
        ("slack", "slack", "change carried out"): {"hit": 1, "done": 1},
        ("slack", "slack", "question answered"): {"hit": 1, "done": 1},
        ("slack", "slack", "end told"): {"hit": 2, "done": 2},
        ("slack", "slack", "incident"): {"hit": 1, "done": 1},
    }


def test_a_broken_rule_is_counted() -> None:
    """An order about which a rule is broken is neither done nor ended."""
    rows = rows_of(HISTORY, [Violation("untrue", "k7f3", "never seen")])
    assert rows["worker", "kill", "change carried out"] == {"hit": 1, "wrong": 1}


def test_runs_add_up(tmp_path: Path) -> None:
    """A second run adds its counts and a row of its own."""
    file = tmp_path / "faults.json"
    for seed in (7, 8):
        add_run(file, {"seed": seed, "hosts": "real", "seconds": 90.0}, HISTORY, [])
    table = json.loads(file.read_text())
    assert [run["seed"] for run in table["runs"]] == [7, 8]
    row = next(each for each in table["rows"] if each["fault"] == "kill" and each["step"] == "incident")
    assert row == {"part": "worker", "fault": "kill", "step": "incident", "hit": 2, "done": 2, "ended": 0, "wrong": 0}
