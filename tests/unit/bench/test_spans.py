"""The table of spans: what is the same on several hosts at once is one row, and so is all of Redis."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from bench.spans import Span, read, span_table

SPANS = (
    Span(10.0, 0.5, "worker", "the job"),
    Span(10.01, 0.002, "Redis", "EVALSHA"),
    Span(10.0, 5.0, "Redis", "XREADGROUP"),
    Span(10.02, 0.03, "host-1", "GET /info"),
    Span(10.03, 0.04, "host-2", "GET /info"),
    Span(10.3, 0.02, "host-1", "GET /info"),
    Span(10.4, 0.01, "Redis", "HGETALL"),
    Span(11.0, 0.1, "worker", "another job"),
)


def test_a_table_of_spans(tmp_path: Path) -> None:
    """A call later on is a row of its own; waiting for a job, and what began after the end, are none."""
    file = tmp_path / "spans"
    file.write_text("".join(json.dumps(asdict(span)) + "\n" for span in reversed(SPANS)))
    table = span_table(read(file, 10.0, 10.6), 10.0, "join")
    rows = [(round(float(from_ms or 0)), round(float(took_ms or 0)), *rest) for from_ms, took_ms, *rest in table.rows]
    assert rows == [
        (0, 500, "worker", "the job"),
        (20, 50, "host-1, host-2", "GET /info (2 times)"),
        (300, 20, "host-1", "GET /info"),
        (10, 12, "Redis", "2 calls, their times added"),
    ]
