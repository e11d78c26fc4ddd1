"""Figures of long tests, kept as JSON for docs/measured.md if MEASURED names a folder."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path


def record(name: str, figures: dict[str, str | float]) -> None:
    """Write the figures of a run to ``name``.json in that folder, as bench/kept.py reads them, with date and load."""
    if folder := os.environ.get("MEASURED"):
        found = {**figures, "load of the machine": round(os.getloadavg()[2], 1)}
        rows = [{"figure": figure, "value": value} for figure, value in found.items()]
        told = {"date": f"{datetime.now(tz=UTC):%Y-%m-%d}", "figures": rows}
        Path(folder, f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")
