"""Cards of a change for which hosts join, and the clock that they go by."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bot.execution.progress_card import ProgressCard, StepState
from bot.model import Plan, PlanTitles, Step
from bot.queue.job import Job
from bot.swarm.operations import Join, LabelHost
from tests.kits.jobs import order
from tests.kits.outbox import Clock

JOINING = PlanTitles(
    present="joins 2 workers to prod",
    imperative="join 2 workers to prod",
    success="{count} workers joined prod",
    failure="{failed} did not join prod",
)


DONE: tuple[StepState] = ("done",)
STARTED = 1_800_000_000.0


def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that the test moves, which stands at STARTED; cards go by it."""
    now = Clock(STARTED)
    monkeypatch.setattr("bot.execution.progress_card.time.time", now)
    return now


def join(host: str) -> Step:
    """A host that joins, on a track of its own."""
    return Step(Join(host, "worker", "prod", "prodid", "10.0.0.3"), host)


def label(host: str) -> Step:
    """The label that follows."""
    return Step(LabelHost(host, (("zone", "a"),)), host)


def card(*steps: Step, **parts: Any) -> ProgressCard:
    """A card for a plan of ``steps``."""
    plan = Plan(**{"titles": JOINING, "effect": "3 → 5 nodes", **parts}, steps=steps)
    return ProgressCard(Job(order(job_id="k7f3"), "running"), plan, time.time())


def set_all(shown: ProgressCard, *states: StepState) -> None:
    """Set the states of the steps, in order."""
    for step, state in zip(shown.plan.steps, states, strict=True):
        shown.set(step, state, f"{step.track} {state}")
