"""``python -m bench [NAME…]``: measure, and print tables. ``python -m bench measured`` writes docs/measured.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Final

from bench.catalogue import BENCHMARKS, Benchmark
from bench.kept import kept_tables
from bench.machine import ROOT, machine
from bench.report import as_markdown, as_text
from bench.result import Result, Results
from bot.stored_json import from_json, to_json, to_plain

RESULTS: Final = ROOT / "bench-results.json"
MEASURED: Final = "measured"
DOCUMENT: Final = ROOT / "docs" / "measured.md"
KEPT: Final = ROOT / "docs" / "measured"
BENCHMARKS_FILE: Final = "benchmarks.json"
"""In that folder: the results in docs/measured.md, which newer ones replace one by one."""


def run(benchmark: Benchmark, *, quick: bool) -> Result:
    """Run a benchmark."""
    load, began = os.getloadavg()[0], time.time()
    measured = benchmark.measure(quick=quick)
    command = f"python -m bench {benchmark.name}{' --quick' if quick else ''}"
    spent = time.time() - began
    return Result(benchmark.name, benchmark.what, command, began, spent, load, machine(), measured, os.nice(0))


def _document(newer: Results) -> None:
    """Write docs/measured.md from what is kept in docs/measured, with newer results."""
    file = KEPT / BENCHMARKS_FILE
    results = from_json(Results, file.read_text()) if file.exists() else Results()
    for each in newer.results:
        results = results.with_result(each)
    file.write_text(json.dumps(to_plain(results), indent=1, ensure_ascii=False) + "\n")
    DOCUMENT.write_text(as_markdown(results, kept_tables(KEPT, BENCHMARKS_FILE)))


def main() -> int:
    """Run the benchmarks that are named, or all. Return 1 if one could not be run."""
    names = [each.name for each in BENCHMARKS]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(names)}; or `{MEASURED}`")
    parser.add_argument("--quick", action="store_true", help="only so long that each is seen to work")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file with the last run of each (%(default)s)")
    given = parser.parse_args()
    if unknown := {*given.names} - {*names, MEASURED}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    results = from_json(Results, given.json.read_text()) if given.json.exists() else Results()
    failed = []
    for benchmark in BENCHMARKS:
        if given.names and benchmark.name not in given.names:
            continue
        try:
            result = run(benchmark, quick=given.quick)
        except Exception as error:  # noqa: BLE001 - the others are measured nevertheless
            failed.append(benchmark.name)
            print(f"{benchmark.name} failed: {error!r}", file=sys.stderr)
            continue
        print(as_text(result), end="\n\n", flush=True)
        results = results.with_result(result)
        given.json.write_text(to_json(results))
    if MEASURED in given.names:
        _document(results)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
