"""The matrix of engines: what pytest said becomes a cell for each column, and what did not run is not called good."""

from __future__ import annotations

from tests.kits.engine_matrix import NOT_RUN, SCENARIOS, cells
from tests.kits.pytest_runs import Ran

OUTPUT = """\
=========================== short test summary info ============================
PASSED tests/scenarios/test_join.py::test_one
PASSED tests/scenarios/test_drain.py::test_two
ERROR tests/scenarios/test_drain.py::test_two - Failed: host-1 is off.
FAILED tests/scenarios/test_backup.py::test_three - AssertionError: ✗ *prod
store: Redis 7.0.15
engines: 20.10.24, 26.1.5
============ 1 failed, 2 passed, 1 error in 61.90s (0:01:01) ============
"""


def test_what_pytest_said() -> None:
    """Counts, the lines of conftest.py, and each test: one whose end failed has not passed."""
    ran = Ran(OUTPUT, passed=False)
    assert ran.counts == "1 failed, 2 passed, 1 error"
    assert ran.told("engines") == "20.10.24, 26.1.5"
    assert ran.told("browser") == ""
    tests = {"join.py::test_one": True, "drain.py::test_two": False, "backup.py::test_three": False}
    assert ran.outcomes() == {f"{SCENARIOS}{test}": passed for test, passed in tests.items()}


def test_a_cell_for_each_column() -> None:
    """A column is good if all its tests ran and passed; a failed test is named."""
    columns = {
        "main job": ["join.py::test_one"],
        "drain": ["drain.py::test_two", "join.py::test_one"],
        "backup": ["backup.py::test_four", "join.py::test_one"],
    }
    assert cells(columns, Ran(OUTPUT, passed=False).outcomes(), "2026-12-01") == {
        "main job": "✓ 2026-12-01",
        "drain": "✗ 2026-12-01: test_two",
        "backup": NOT_RUN,
    }
