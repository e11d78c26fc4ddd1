"""The lines of ``/swarm jobs``."""

from __future__ import annotations

from dataclasses import replace

from bot.model.records import JobRecord
from handlers.jobs import JobsArguments, jobs
from tests.kits.commands import record_answer
from tests.unit.handlers.test_audit_lines import EMPTY, entry, line

UNLOCK = JobRecord("k7f3", "succeeded", "unlock host-2", "prod", "U0ADA", 1.0, 2.0, 3.5)


def shown(job: JobRecord) -> str:
    """Return the line of one job."""
    text: str = record_answer(jobs, replace(EMPTY, jobs=(job,)), JobsArguments()).blocks[0]["text"]["text"]
    return text.split("\n")[1]


def test_a_form_that_was_offered_is_no_success() -> None:
    """Nothing was unlocked yet: the form starts a job of its own."""
    assert shown(UNLOCK).startswith("✓ `k7f3` `/swarm unlock host-2` · succeeded in 1.5 s")
    offered = shown(replace(UNLOCK, form_offered=True))
    assert offered.startswith("· `k7f3` `/swarm unlock host-2` · only offered the form for the secret")
    assert "succeeded" not in offered


def test_the_audit_line_of_an_offered_form() -> None:
    """It does not say that the order succeeded."""
    ended = entry("ended", detail="form for a secret offered: nothing was changed")
    assert line(ended) == "· finished · `k7f3`: form for a secret offered: nothing was changed"
