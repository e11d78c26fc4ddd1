"""Runs the steps one after the other and reports the result."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TextIO

from sandbox.deployment import Deployment
from sandbox.fleet.host_services import HOST_ERRORS
from sandbox.tour.driver import ExpectationFailed, TourDriver
from sandbox.tour.steps import STEPS
from sandbox.tour.terminal import TerminalStyle


def run_tour(deployment: Deployment, out: TextIO, style: TerminalStyle) -> bool:
    """Run the steps until one fails; return whether all expectations were met."""
    tour = TourDriver(deployment, out, style)
    began = monotonic()
    for number, step in enumerate(STEPS, 1):
        tour.write("", "", style.bold(f"{number:>2}  {step.title}"), "")
        failure = failure_of(step.run, step.title, tour)
        if failure is not None:
            report(tour, failure)
            return False
    took = f"{monotonic() - began:.0f} s"
    tour.write("", "", style.good(f"✓ All {len(STEPS)} steps were seen to be true, in {took}."))
    return True


def report(tour: TourDriver, failure: ExpectationFailed) -> None:
    """Print what was expected and what was seen."""
    tour.write("", tour.style.bad("✗ This step failed: an expectation was not met."))
    for head, text in (("Expected:", failure.expected), ("Seen:    ", failure.seen)):
        lines = text.splitlines() or ["nothing"]
        tour.write(*(f"  {head if number == 0 else ' ' * 9} {line}" for number, line in enumerate(lines)))


def failure_of(step: Callable[[TourDriver], None], title: str, tour: TourDriver) -> ExpectationFailed | None:
    """Run a step; return the expectation that was not met, or an error as one."""
    try:
        step(tour)
    except ExpectationFailed as error:
        return error
    except HOST_ERRORS as error:
        return ExpectationFailed(f"This step runs without an error: {title}", f"{type(error).__name__}: {error}")
    return None
