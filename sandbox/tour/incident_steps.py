"""The step with an incident: a manager loses power, which the channel is told by itself, and comes back."""

from __future__ import annotations

from typing import Final

from sandbox.fleet.shell import until
from sandbox.tour import engine_state
from sandbox.tour.driver import TourDriver

MANAGER: Final = "host-5"
SEEN_TIMEOUT_S: Final = 60.0
"""Managers miss another one after 10 to 15 s."""
ENGINE: Final = "host-1's engine"


def tell_incident(tour: TourDriver) -> None:
    """One message says what is wrong, what still works and what to do, and ends when it is over."""
    host = tour.fleet[MANAGER]
    tour.note(f"{MANAGER}, a manager, loses power.")
    tour.wait("eve", "quorum holds: 2 of 3 managers reachable", host.power_off, timeout=SEEN_TIMEOUT_S)
    until(lambda: _reachability(tour) == "unreachable", f"{MANAGER} is missed", timeout=SEEN_TIMEOUT_S)
    _confirm(tour, "unreachable")
    tour.note(f"{MANAGER} has power again.")
    tour.wait("eve", "Resolved after", host.power_on, timeout=SEEN_TIMEOUT_S)
    _confirm(tour, "reachable")
    tour.type("ben", "incidents", MANAGER)


def _confirm(tour: TourDriver, wanted: str) -> None:
    seen = _reachability(tour)
    tour.confirm(f"{MANAGER} is {wanted}", seen == wanted, seen, on=ENGINE)


def _reachability(tour: TourDriver) -> str:
    return engine_state.nodes(tour.fleet["host-1"])[MANAGER].reachability
