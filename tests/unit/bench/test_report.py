"""Benchmarks: all are registered, and docs/measured.md is made from what they found."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event
from typing import Final

import pytest

from bench import __main__ as bench_main
from bench import catalogue
from bench.kept import kept_tables
from bench.report import as_markdown, as_text
from bench.result import Goal, Machine, Measured, Result, Results, Table
from bot.stored_json import from_json, to_json

BENCH: Final = Path(catalogue.__file__).parent
MACHINE: Final = Machine("A CPU", 2, 23.4, (("Swarmbot", "a1b2c3d"), ("Python", "3.11.2"), ("Redis", "7.0.15")))
TABLE: Final = Table(("way", "median, ms"), (("a|b", 1234.5), ("c", 1.234), ("d", None)), "By turns")
GOALS: Final = (Goal("fast", 1.35, 1.0, "s"), Goal("small", 100, 150, "MiB"))
RESULT: Final = Result(
    "acks",
    "What it is.",
    "python -m bench acks",
    1796000000.0,
    12.6,
    3.14,
    MACHINE,
    Measured((TABLE,), GOALS, ("Read this.",)),
)


def test_every_benchmark_is_registered_under_a_name_of_its_own() -> None:
    """A module that has a ``measure`` is run by ``make bench``."""
    modules = {path.stem for path in BENCH.glob("*.py") if "\ndef measure(" in path.read_text()}
    assert {each.measure.__module__.rpartition(".")[2] for each in catalogue.BENCHMARKS} == modules
    assert len({each.name for each in catalogue.BENCHMARKS}) == len(catalogue.BENCHMARKS)


def test_a_failed_or_endless_benchmark_costs_only_its_own_result(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are measured and kept, and the exit status says that one is missing."""

    def endless(*, quick: bool) -> Measured:
        Event().wait()
        raise AssertionError(quick)

    def broken(*, quick: bool) -> Measured:
        raise RuntimeError(f"quick: {quick}")

    def sound(*, quick: bool) -> Measured:
        del quick
        return Measured((TABLE,))

    listed = [catalogue.Benchmark(each.__name__, "What.", each) for each in (endless, broken, sound)]
    kept = tmp_path / "results.json"
    monkeypatch.setattr(bench_main, "BENCHMARKS", listed)
    monkeypatch.setattr(bench_main, "LIMIT_S", 0.2)
    monkeypatch.setattr("sys.argv", ["bench", "--json", str(kept)])
    assert bench_main.main() == 1
    assert [each.name for each in from_json(Results, kept.read_text()).results] == ["sound"]
    said = capsys.readouterr().err
    assert "endless failed: TookTooLong" in said
    assert "broken failed: RuntimeError" in said


def test_results_are_kept_as_json() -> None:
    """A newer run of a benchmark takes the place of the older one; numbers and empty cells stay what they are."""
    kept = Results((RESULT,)).with_result(RESULT)
    assert from_json(Results, to_json(kept)) == kept == Results((RESULT,))


def test_the_document_has_goals_machine_and_tables() -> None:
    """It says when, where, with what load and by which command each table was measured, and which goals were missed."""
    lines = as_markdown(Results((RESULT,))).splitlines()
    for line in (
        "2 cores of A CPU, 23 GiB · Python 3.11.2, Redis 7.0.15",
        "1 of 2 are met.",
        "| acks | fast | 1.00 s | 1.35 s | ✗ missed by 0.35 s (35% more) |",
        "| acks | small | 150 MiB | 100 MiB | ✓ met |",
        "## acks",
        "What it is. `python -m bench acks`",
        "2026-11-30 00:53 UTC · took 13 s · load 3.1 on 2 cores at the start · commit a1b2c3d",
        "**By turns**",
        "| way | median, ms |",
        "| --- | --: |",
        "| a/b | 1,234 |",
        "| c | 1.23 |",
        "| d | - |",
        "- Read this.",
    ):
        assert line in lines, line
    assert lines.index("## Goals") < lines.index("## acks")


def test_what_tests_keep_as_json_is_in_the_document(tmp_path: Path) -> None:
    """A list of objects becomes a table; the benchmarks' own file is left out."""
    stores = {"date": "2026-12-01", "stores": [{"store": "redis-8", "passed": True}, {"store": "x", "passed": False}]}
    (tmp_path / "stores.json").write_text(json.dumps(stores))
    (tmp_path / "benchmarks.json").write_text("{}")
    lines = as_markdown(Results(), kept_tables(tmp_path, "benchmarks.json")).splitlines()
    assert lines[-8:] == [
        "## Tests of all that is stored, by Redis server (`make test-stores`) · 2026-12-01",
        "",
        "**stores**",
        "",
        "| store | passed |",
        "| --- | --- |",
        "| redis-8 | ✓ |",
        "| x | ✗ |",
    ]


def test_a_terminal_gets_the_same_in_columns() -> None:
    """Names stand on the left, figures on the right."""
    lines = as_text(RESULT).splitlines()
    assert lines[3:] == [
        "way  median, ms",
        "a|b       1,234",
        "c          1.23",
        "d             -",
        "✗ missed: fast: 1.35 of at most 1.00 s",
        "✓ met: small: 100 of at most 150 MiB",
        "Read this.",
    ]
