"""What tests counted and keep in docs/measured: for each name a JSON object, whose lists of objects become tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bench.result import Cell, Table

TITLES: Final = {
    "engines": "Scenarios by the hosts' Docker engines (`make test-engines`)",
    "faults": "Faults in random runs (`make chaos`): by part, fault and step, how orders and incidents ended",
    "input": "Fuzzed requests beside slow clients (tests/chaos/test_fuzzed_requests.py, `MEASURED=docs/measured`)",
    "load": "200 people, two web processes, two workers (tests/chaos/test_load.py, `MEASURED=docs/measured`)",
    "stores": "Tests of all that is stored, by Redis server (`make test-stores`)",
}
"""What a file is about; another file has its name."""


def kept_tables(folder: Path, benchmarks: str) -> Iterator[tuple[str, tuple[Table, ...]]]:
    """Yield a title and the tables of each file but that of ``benchmarks``."""
    for path in sorted(folder.glob("*.json")):
        if path.name != benchmarks:
            found: dict[str, Any] = json.loads(path.read_text())
            date = f" · {found['date']}" if "date" in found else ""
            tables = tuple(_table(name, rows) for name, rows in found.items() if isinstance(rows, list) and rows)
            yield TITLES.get(path.stem, path.stem) + date, tables


def _table(name: str, rows: list[dict[str, Any]]) -> Table:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return Table(tuple(columns), tuple(tuple(_cell(row.get(key)) for key in columns) for row in rows), name)


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return value if value is None or isinstance(value, (str, int, float)) else json.dumps(value, ensure_ascii=False)
