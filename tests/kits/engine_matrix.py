"""The matrix of engines and of what was seen to work with them.

``python -m tests.kits.engine_matrix FILE`` runs a few scenarios for each column on hosts with each of the engines
(``pytest --engines``), prints a line for each, and writes FILE as JSON. ``--engines`` and ``--column`` choose some; the
other cells stay as they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.conftest import ENGINES
from tests.kits.pytest_runs import run_pytest

SCENARIOS: Final = "tests/scenarios/test_"
UPGRADE: Final = "upgrade"
"""From the machine's engine to this one."""
OWN: Final = "bookworm"
NOT_RUN: Final = "not run"
COLUMNS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "main job": (
            "init.py::test_the_host_becomes_the_first_manager",
            "join.py::test_workers_and_managers_join",
            "remove.py::test_a_worker_and_the_leader_are_removed",
            "check.py::test_all_routes_are_open",
        ),
        "approvals": (
            "approvals.py::test_a_change_needs_another_administrators_approval",
            "execution_after_approval.py::test_a_change_of_the_cluster_voids_the_approval",
        ),
        "services": (
            "services.py::test_services_are_listed_with_what_is_wrong_first",
            "service_changes.py::test_update_of_the_environment_keeps_every_other_field",
            "service_changes.py::test_an_image_that_no_node_has",
            "service_changes.py::test_restart_rollback_and_remove",
        ),
        "drain": (
            "drain.py::test_a_drained_node_runs_no_tasks",
            "gapless_drain.py::test_no_request_fails_while_the_only_task_moves",
        ),
        "backup": (
            "backup.py::test_a_follower_is_backed_up_and_restarted",
            "backup.py::test_a_cluster_without_managers_is_restored",
        ),
        "recover": ("recover.py::test_a_lost_quorum_is_explained_and_recovered",),
        UPGRADE: ("engine_upgrade.py::test_hosts_are_upgraded_one_after_another",),
    }
)
"""What each column says works, and the tests that show it."""
Row = dict[str, str]


def run_tests(engines: str, names: Sequence[str]) -> Row:
    """Run the tests of some columns on hosts with these engines, and return these cells of their row."""
    columns = {name: COLUMNS[name] for name in names if (name, engines) != (UPGRADE, OWN)}
    tests = [f"{SCENARIOS}{test}" for column in columns.values() for test in column]
    ran = run_pytest("-rA", "-m", "long or not long", "--engines", engines, *tests)
    version = {"engine": told} if (told := ran.told("engines")) else {}
    return {**version, **cells(columns, ran.outcomes(), f"{datetime.now(tz=UTC):%Y-%m-%d}")}


def cells(columns: Mapping[str, Sequence[str]], outcomes: Mapping[str, bool], date: str) -> Row:
    """Return a sign and the date for each column: ✓ if each of its tests ran and passed."""
    told = {}
    for name, tests in columns.items():
        found = {test: outcomes.get(f"{SCENARIOS}{test}") for test in tests}
        failed = [test.partition("::")[2] for test, passed in found.items() if passed is False]
        if failed:
            told[name] = f"✗ {date}: {', '.join(failed)}"
        else:
            told[name] = f"✓ {date}" if all(found.values()) else NOT_RUN
    return told


def main() -> int:
    """Run the tests. The status is 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.kits.engine_matrix", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--engines", action="append", choices=[*ENGINES], help="only the rows of these hosts")
    parser.add_argument("--column", action="append", choices=[*COLUMNS], help="only these columns")
    given = parser.parse_args()
    kept: list[Row] = json.loads(given.file.read_text())["engines"] if given.file.exists() else []
    rows = {row["hosts"]: row for row in kept}
    for engines in ENGINES:
        rows.setdefault(engines, {"hosts": engines, "engine": "", **dict.fromkeys(COLUMNS, NOT_RUN)})
    rows[OWN][UPGRADE] = "-"
    failed = False
    for engines in given.engines or ENGINES:
        found = run_tests(engines, given.column or [*COLUMNS])
        rows[engines] |= found
        failed |= any("✗" in cell for cell in found.values())
        sys.stdout.write(f"{engines}: {', '.join(f'{name} {cell}' for name, cell in found.items())}\n")
        sys.stdout.flush()
        matrix = {"engines": [rows[each] for each in ENGINES]}
        given.file.write_text(json.dumps(matrix, indent=1, ensure_ascii=False) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
