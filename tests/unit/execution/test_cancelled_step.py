"""A step of a job that is cancelled: what the engines continue is reported, or stopped."""

from __future__ import annotations

from typing import ClassVar

import pytest

from bot.errors import Failed
from bot.execution.step_run import carry_out
from bot.model import Facts
from tests.kits.step_world import Wanted, World


class Stoppable(Wanted):
    """An operation whose engines continue for a long time."""

    kind: ClassVar[str] = "a test's stoppable step"
    may_stop_waiting: ClassVar[bool] = True


class Haltable(Stoppable):
    """One whose engines can be stopped."""

    kind: ClassVar[str] = "a test's haltable step"

    @property
    def on_cancel(self) -> Wanted:
        """Another operation over the same World."""
        return Wanted(self.host, self.labels)

    def cancelled(self, facts: Facts) -> Failed:
        """Say what was seen after that."""
        return Failed(f"stopped, and the world {facts.name}")


@pytest.mark.parametrize(("kind", "pauses"), [(Stoppable, 1), (Wanted, 3)])
def test_a_cancelled_job_stops_waiting_if_the_operation_may(kind: type[Wanted], pauses: int) -> None:
    """The state now is reported. The job waits for any other operation, and ends before its next step."""
    world = World()
    cancelled = {"now": False}

    def on_pause() -> None:
        cancelled["now"] = True
        world.holds = len(world.pauses) == 3

    world.on_pause = on_pause
    operation = kind("host-3", (("zone", "a"),))

    def carry() -> None:
        carry_out(operation, world, world.read, world.pause, lambda *_: None, stop=lambda: cancelled["now"])

    if kind is Wanted:
        carry()
    else:
        with pytest.raises(Failed, match=r"^Cancelled before it was seen that .*The engines go on with it\."):
            carry()
        assert world.log[-1] == "settle"
    assert len(world.pauses) == pauses


def test_a_cancelled_job_stops_what_the_engines_go_on_with() -> None:
    """What stops them is carried out and seen like any operation; the report comes from the facts after that."""
    world = World()
    world.on_apply = lambda: setattr(world, "holds", world.log.count("apply") == 2)
    operation = Haltable("host-3", (("zone", "a"),))
    with pytest.raises(Failed, match="stopped, and the world holds"):
        carry_out(operation, world, world.read, world.pause, lambda *_: None, stop=lambda: True)
    assert world.log == ["read", "apply", "read", "read", "apply", "read", "settle"]
