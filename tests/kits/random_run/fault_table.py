"""The table of faults: which part failed how, at which step of an order or incident, and how these ended.

It is counted from the histories of random runs and kept as JSON, to which each run adds:

``runs``: a row for each run: seed, hosts (``simulated`` or ``real``), seconds, date, and what happened in numbers.
``rows``: a row for each ``part`` (worker, web, watch, redis, slack, host), ``fault`` (history.DisturbanceKind) and
``step``: ``hit`` is how many orders or incidents were at that step while the fault lasted, ``done`` how many of them
succeeded (an incident: were told and are over), ``ended`` how many ended in another way that was told, ``wrong`` how
many broke a rule of the checker.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.kits.random_run.history import ENDED, Disturbance, History, JobRecord
from tests.kits.random_run.lookups import Run, Violation

KEY: Final = ("part", "fault", "step")
COUNTS: Final = ("hit", "done", "ended", "wrong")


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which an order or an incident was at a step."""

    step: str
    begin: float
    end: float


def rows_of(history: History, violations: Sequence[Violation]) -> dict[tuple[str, ...], Counter[str]]:
    """Return the counts of one run by part, fault and step."""
    subjects, wrong = [*_subjects(Run(history))], {each.about for each in violations}
    found: dict[tuple[str, ...], Counter[str]] = {}
    for fault in history.disturbances:
        for about, outcome, spans in subjects:
            for step in {span.step for span in spans if span.begin <= fault.end and fault.begin <= span.end}:
                counts = found.setdefault((_part(fault), fault.kind, step), Counter())
                counts.update(["hit", "wrong" if about in wrong else outcome])
    return found


def _subjects(run: Run) -> Iterator[tuple[str, str, list[Span]]]:
    """Yield each order and each incident with how it ended and where it was when."""
    for job in run.history.jobs:
        if not job.internal:
            yield job.id, "done" if job.state == "succeeded" else "ended", [*_spans(run, job)]
    for each in run.history.incidents:
        if each.told:
            span = Span("incident", each.opened_at, each.resolved_at or float("inf"))
            yield each.id, "ended" if each.open else "done", [span]


def _spans(run: Run, job: JobRecord) -> Iterator[Span]:
    never = float("inf")
    request = run.by_job.get(job.id)
    yield Span("accepted", request.at if request else job.asked_at, job.asked_at + 0.1)
    yield Span("in line", job.asked_at, job.started_at or job.finished_at or never)
    if job.started_at is not None:
        yield Span(
            "change carried out" if job.change else "question answered", job.started_at, job.finished_at or never
        )
    if job.state in ENDED and job.finished_at is not None:
        told = [each.at for each in run.ends(job) if each.at >= job.finished_at]
        yield Span("end told", job.finished_at, min(told, default=job.finished_at))


def _part(fault: Disturbance) -> str:
    """Return the part without the number of the process or host: "worker", "slack", "host"."""
    return re.split(r"\W", fault.target)[0]


def add_run(file: Path, about: Mapping[str, Any], history: History, violations: Sequence[Violation]) -> None:
    """Add a run to the table in ``file``."""
    kept = json.loads(file.read_text()) if file.exists() else {"runs": [], "rows": []}
    rows: dict[tuple[str, ...], Counter[str]] = {
        tuple(row[name] for name in KEY): Counter({name: row[name] for name in COUNTS}) for row in kept["rows"]
    }
    for key, counts in rows_of(history, violations).items():
        rows.setdefault(key, Counter()).update(counts)
    happened = {"summary": history.summary, "violations": len(violations)}
    kept["runs"].append({"date": f"{datetime.now(tz=UTC):%Y-%m-%d}", **about, **happened})
    kept["rows"] = [
        {**dict(zip(KEY, key, strict=True)), **{name: counts[name] for name in COUNTS}}
        for key, counts in sorted(rows.items())
    ]
    file.write_text(json.dumps(kept, indent=1) + "\n")
