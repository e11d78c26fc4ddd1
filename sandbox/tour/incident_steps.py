"""Steps with an incident: managers lose power, watch reports it in the channel, and the cluster is recovered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from sandbox.fleet.shell import await_found, until
from sandbox.tour import engine_state
from sandbox.tour.driver import TourDriver

MANAGER: Final = "host-5"
SEEN_TIMEOUT_S: Final = 60.0
"""Managers notice the loss of another one after 10 to 15 s."""
ENGINE: Final = "host-1's engine"
ENGINE_TIMEOUT_S: Final = 30
BOOT_TIMEOUT_S: Final = 150.0
"""A manager without quorum takes 31 s to start, and then joins again."""
LOST: Final = ("host-2", "host-5")


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


def lose_quorum(tour: TourDriver) -> None:
    """Two of three managers lose power: a message says that the quorum is lost, and status says what to do."""
    tour.note(f"{' and '.join(LOST)}, two of three managers, lose power.")

    def power_off() -> None:
        for name in LOST:
            tour.fleet[name].power_off()

    tour.wait("eve", "prod has no quorum", power_off, timeout=SEEN_TIMEOUT_S)
    known = await_found(lambda: _swarm_error(tour), "the last manager's engine misses a leader", timeout=SEEN_TIMEOUT_S)
    tour.confirm("the engine of the last manager has no leader", bool(known), known, on=ENGINE)
    tour.type("ada", "status", "/swarm recover")


def recover_quorum(tour: TourDriver) -> None:
    """A recovery needs two approvals; then the last manager leads, and the others join again when they are back."""
    lost = " ".join(f"--gone {name}" for name in LOST)
    request = tour.type("cleo", f"recover {lost}", "asks to recover prod")
    tour.press("ada", "Approve", "1 of 2")
    tour.go_back_to(request)
    tour.press("dan", "Approve", "has quorum again")
    nodes = engine_state.nodes(tour.fleet["host-1"])
    leads = nodes["host-1"].is_leader and nodes["host-1"].ready
    tour.confirm("host-1 leads, with a quorum of its own", leads, nodes, on=ENGINE)
    tour.note(f"{' and '.join(LOST)} have power again. The incident ends when both are managers again.")

    def power_on() -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: tour.fleet[name].power_on(timeout=BOOT_TIMEOUT_S), LOST))

    tour.wait("eve", "Resolved after", power_on, timeout=BOOT_TIMEOUT_S)
    again = {name: node.reachability for name, node in engine_state.nodes(tour.fleet["host-1"]).items()}
    tour.confirm("both are managers again", all(again[name] == "reachable" for name in LOST), again, on=ENGINE)


def _swarm_error(tour: TourDriver) -> str:
    """Return what the last manager's engine says is wrong with its swarm; empty if nothing is."""
    with tour.fleet["host-1"].engine(timeout=ENGINE_TIMEOUT_S) as engine:
        return str(engine.info()["Swarm"].get("Error", ""))


def _confirm(tour: TourDriver, wanted: str) -> None:
    seen = _reachability(tour)
    tour.confirm(f"{MANAGER} is {wanted}", seen == wanted, seen, on=ENGINE)


def _reachability(tour: TourDriver) -> str:
    return engine_state.nodes(tour.fleet["host-1"])[MANAGER].reachability
