"""``python -m bench [NAME…]``: measure, and print tables. ``python -m bench measured`` writes docs/measured.md."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
"""The file in that folder with the results in docs/measured.md, which newer ones replace one by one."""
LIMIT_S: Final = 30 * 60
"""How long a benchmark may take: the longest takes ten minutes, and three times that on a machine under load."""


class TookTooLong(Exception):
    """A benchmark was ended, so that the others are measured."""


def run(benchmark: Benchmark, *, quick: bool) -> Result:
    """Run a benchmark."""
    load, began = os.getloadavg()[0], time.time()
    with _time_limit(LIMIT_S):
        measured = benchmark.measure(quick=quick)
    command = f"python -m bench {benchmark.name}{' --quick' if quick else ''}"
    spent = time.time() - began
    return Result(benchmark.name, benchmark.what, command, began, spent, load, machine(), measured, os.nice(0))


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TookTooLong in the block after this time, even while it waits."""

    def end(*_: object) -> None:
        raise TookTooLong(f"it took more than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _keep(results: Results, file: Path) -> None:
    """Write results so that the file is whole at any moment."""
    newer = file.with_name(f"{file.name}.new")
    newer.write_text(to_json(results))
    newer.replace(file)


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
        _keep(results, given.json)
    if MEASURED in given.names:
        _document(results)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
