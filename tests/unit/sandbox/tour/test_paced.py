"""The paced tour when a scene fails or cannot begin: it waits, undoes the scene's faults, and tries again or skips."""

from __future__ import annotations

import io
from collections.abc import Iterator
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.fleet.faults import Block, Faults
from sandbox.fleet.shell import until
from sandbox.tour import paced
from sandbox.tour.driver import ExpectationFailed, TourDriver
from sandbox.tour.needs import Needs
from sandbox.tour.paced import PacedTour
from sandbox.tour.scenes import Scene
from sandbox.tour.terminal import TerminalStyle


class DrawnHost:
    """A host with a power switch and a firewall."""

    name = "host-5"
    up = True
    faults = Faults()

    def block(self, port: int) -> None:
        """Block it."""
        self.faults = Faults(blocks=frozenset({Block(port=port, protocol="tcp", direction="in")}))

    def unblock(self, port: int, protocol: str, *, direction: str) -> None:
        """Open it."""
        assert (port, protocol, direction) == (2377, "tcp", "in")
        self.faults = Faults()

    def power_on(self, *, timeout: float) -> None:
        """Boot."""
        assert timeout
        self.up = True


class Run:
    """A tour of two scenes; the first one fails as often as ``failures`` says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.host = DrawnHost()
        self.failures = 1
        self.missing: list[str] = []
        self.result: list[bool] = []
        scenes = (Scene("First", "", (self._fail,), Needs()), Scene("Second", "", (), Needs()))
        monkeypatch.setattr(paced, "SCENES", scenes)
        monkeypatch.setattr(paced, "unmet", lambda _needs, _fleet: self.missing)
        deployment: Any = SimpleNamespace(fleet=[self.host], slack=SimpleNamespace(names=dict))
        self.tour = PacedTour(deployment, io.StringIO(), TerminalStyle(colour=False, width=80), lambda: None)
        self.thread = Thread(target=lambda: self.result.append(self.tour.run()), daemon=True)
        self.thread.start()

    def go_on(self, wanted: str, *, skip: bool = False) -> None:
        """Press a button, and wait for a state."""
        self.tour.go_on(skip=skip)
        until(lambda: self.tour.state["state"] == wanted, f"the tour is {wanted}", timeout=30)

    def _fail(self, _tour: TourDriver) -> None:
        self.host.block(2377)
        self.host.up = False
        if self.failures:
            self.failures -= 1
            raise ExpectationFailed("`x`", "y")
        self.host.unblock(2377, "tcp", direction="in")
        self.host.up = True


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A running tour, which ends with the test."""
    running = Run(monkeypatch)
    yield running
    running.thread.join(30)
    assert not running.thread.is_alive()


def test_a_failed_scene_is_tried_again_without_its_faults(run: Run) -> None:
    """The port is open and the power is on when the reader is asked."""
    run.go_on("failed")
    assert (run.host.up, run.host.faults) == (True, Faults())
    assert run.tour.state["lines"] == [
        "Expected: `x`",
        "Seen: y",
        "host-5 accepts 2377/tcp again.",
        "host-5 has power again.",
    ]
    assert (run.tour.state["next"], run.tour.state["skip"]) == ("Try again", "Skip this scene")
    run.go_on("waiting")
    run.go_on("done")
    run.thread.join(30)
    assert run.result == [True]


def test_a_scene_that_cannot_begin_says_why_and_is_skipped(run: Run) -> None:
    """Nothing of it is run; the tour's result says that a scene is missing."""
    run.missing = ["It needs `host-5` outside the cluster."]
    run.go_on("unmet")
    assert run.tour.state["lines"] == run.missing
    assert run.failures == 1
    run.missing = []
    run.go_on("waiting", skip=True)
    run.go_on("done")
    run.thread.join(30)
    assert run.result == [False]
