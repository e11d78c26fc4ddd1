"""What is reported of a change's steps after its end: their times, and what the card has no room for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.execution.progress_card import ProgressCard
from tests.kits.progress_cards import DONE, STARTED, card, clock, join, set_all


def test_each_step_has_its_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """From its start to its end, with any report meanwhile; one that did not start has none."""
    now = clock(monkeypatch)
    shown = card(join("a"), join("b"), join("c"))
    first, second, _ = shown.plan.steps
    shown.set(first, "running", "joining")
    now.at += 2
    shown.set(first, "running", "joining: pending")
    shown.set(second, "running", "joining")
    now.at += 3
    shown.set(first, "done", "joined")
    times = [(line.began, line.ended) for line in shown.lines()]
    assert times == [(STARTED, STARTED + 5), (STARTED + 2, 0.0), (0.0, 0.0)]


def test_another_attempt_goes_on_with_the_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first one has done took as long as there; what it began, until it is done; what failed begins again."""
    now = clock(monkeypatch)
    first = card(join("a"), join("b"), join("c"))
    for step, state in zip(first.plan.steps, ("done", "running", "failed"), strict=True):
        first.set(step, "running", "joining")
        now.at += 1
        if state != "running":
            first.set(step, state, state)  # type: ignore[arg-type] # a StepState
    job = replace(first.job, begun="1", progress=first.to_json())
    now.at = STARTED + 60
    second = ProgressCard(job, first.plan, STARTED)
    for step, found in zip(second.plan.steps, (True, False, False), strict=True):
        second.set(step, "running", "joining")
        second.set(step, "done", "joined", found=found)
    times = [(line.began - STARTED, line.ended - STARTED) for line in second.lines()]
    assert times == [(0.0, 1.0), (1.0, 60.0), (60.0, 60.0)]
    again = ProgressCard(replace(job, begun=""), first.plan, STARTED)
    assert [line.began for line in again.lines()] == [0.0] * 3


@pytest.mark.parametrize(
    ("steps", "seconds", "said"),
    [(2, 5.0, False), (2, 11.0, True), (1, 11.0, False), (9, 5.0, False), (10, 5.0, True)],
)
def test_details_are_told_if_they_say_more(
    monkeypatch: pytest.MonkeyPatch, steps: int, seconds: float, *, said: bool
) -> None:
    """More lines than the card shows, or where the time of a slow change with several steps went."""
    now = clock(monkeypatch)
    shown = card(*(join(f"host-{number}") for number in range(steps)), warnings=("Slow hosts.",))
    for step in shown.plan.steps:
        shown.set(step, "running", "joining")
    now.at += seconds
    set_all(shown, *DONE * steps)
    told = shown.details()
    assert bool(told) is said
    if said:
        assert len(told) == steps + 1
        assert told[0] == f"✓ host-0 done · <!date^1800000000^{{time_secs}}|08:00:00 UTC> · {seconds}\u00a0s"
        assert told[-1] == "! Slow hosts."


def test_a_text_that_the_card_cuts_is_in_the_details() -> None:
    """A line or a note that is longer than Slack's longest paragraph."""
    shown = card(join("a"))
    shown.set(shown.plan.steps[0], "failed", "why " * 800)
    assert "why " * 800 in shown.details()[0]
    noted = card(join("a"), warnings=("why " * 800,))
    noted.set(noted.plan.steps[0], "done", "joined")
    assert noted.details()[-1] == "! " + "why " * 800
