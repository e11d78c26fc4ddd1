"""One step: read, apply, read again. The state that is seen decides, not the engine's reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest

from bot.errors import EngineError, Failed, SwarmbotError
from bot.execution.step_run import FIRST_PAUSE_S, MAX_PAUSE_S, carry_out
from bot.model import Facts, FactsQuery
from bot.queue.lease import LeaseLost
from tests.kits.step_world import Wanted, World


class Impatient(Wanted):
    """One with a time-out of 0 s."""

    kind: ClassVar[str] = "a test's impatient step"
    timeout_s: ClassVar[float] = 0.0


class Hasty(Wanted):
    """One whose facts set a time-out of 0 s."""

    kind: ClassVar[str] = "a test's hasty step"

    def timeout(self, facts: Facts) -> float:
        """None."""
        assert facts.name == "does not"
        return 0.0


class Doomed(Wanted):
    """One that has failed once it was applied."""

    kind: ClassVar[str] = "a test's doomed step"

    def failed(self, facts: Facts) -> str:
        """Say so in every state but the wanted one, if something was applied before."""
        return "" if facts.name == "holds" or not DOOMED["now"] else "It was rolled back."


DOOMED = {"now": False}


class Secretive(Wanted):
    """One that is seen in a secret."""

    kind: ClassVar[str] = "a test's secretive step"

    @property
    def query(self) -> FactsQuery:
        """The token too."""
        return FactsQuery(hosts=(self.host,), secrets=("worker token",))


class Mute(Secretive):
    """One with a time-out of 0 s."""

    kind: ClassVar[str] = "a test's mute step"
    timeout_s: ClassVar[float] = 0.0


def run(world: World, kind: type[Wanted] = Wanted) -> bool:
    """Carry the step out in ``world``."""
    return carry_out(kind("host-3", (("zone", "a"),)), world, world.read, world.pause, lambda *_: None).changed


def holds(world: World, error: SwarmbotError | None = None) -> Callable[[], None]:
    """Make the state hold, and still raise ``error``."""

    def act() -> None:
        world.holds = True
        if error:
            raise error

    return act


def goes_mute(world: World) -> Callable[[], None]:
    """Make the state hold, and return no secret from now on."""

    def act() -> None:
        world.holds = world.mute = True

    return act


def fails(error: Exception) -> Callable[[], None]:
    """Raise without a change."""

    def act() -> None:
        raise error

    return act


def test_a_state_that_holds_is_not_changed() -> None:
    """Nothing is applied if the state holds: a step that ran before a crash does not run twice."""
    world = World()
    world.holds = True
    assert run(world) is False
    assert world.log == ["read"]


def test_done_is_what_is_seen() -> None:
    """A step succeeds when the state is seen, not when the call returns."""
    world = World()
    world.on_apply = holds(world)
    assert run(world) is True
    assert world.log == ["read", "apply", "read"]


def test_an_error_with_the_state_reached() -> None:
    """An engine may reply with an error although it did the change: what is seen counts."""
    world = World()
    world.on_apply = holds(world, EngineError("host-3", 500, "that went wrong"))
    assert run(world) is True
    assert world.log == ["read", "apply", "read"]


@pytest.mark.parametrize(
    "error", [EngineError("host-3", 400, "bad token"), Failed("no manager"), EngineError("host-3", 503, "port closed")]
)
def test_a_refusal_is_not_waited_out(error: SwarmbotError) -> None:
    """If an engine refuses, nothing is waited for: what is half done is settled at once."""
    world = World()
    world.on_apply = fails(error)
    with pytest.raises(Failed) as caught:
        run(world)
    assert (caught.value.happened, caught.value.true_now) == (error.happened, "does not")
    assert caught.value.next_step == "settled"
    assert world.log == ["read", "apply", "read", "settle"]
    assert world.pauses == []


def test_a_call_without_a_reply_may_have_been_carried_out() -> None:
    """After a time-out the state is waited for as after a success."""
    world = World()
    world.on_apply = fails(EngineError("host-3", 0, "no answer in time"))
    world.on_pause = holds(world)
    assert run(world) is True
    assert "settle" not in world.log


def test_a_time_out_without_effect() -> None:
    """If the state is not seen in time, the operation says what is true now, with the call's error."""
    world = World()
    world.on_apply = fails(EngineError("host-3", 0, "no answer in time"))
    with pytest.raises(Failed, match="no answer in time"):
        run(world, Impatient)
    assert world.log == ["read", "apply", "read", "settle"]


def test_never_seen() -> None:
    """A call that succeeds and changes nothing is a failure; the error says what was waited for."""
    world = World()
    with pytest.raises(Failed) as caught:
        run(world, Impatient)
    assert caught.value.happened == "Timed out after 0 s: it was not seen that `host-3` has `zone=a`."
    assert world.log == ["read", "apply", "read", "settle"]


def test_reads_back_off() -> None:
    """The state is read soon, then less and less often, down to a limit."""
    world = World()

    def after_ten() -> None:
        world.holds = len(world.pauses) >= 10

    world.on_pause = after_ten
    assert run(world) is True
    assert world.pauses[0] == FIRST_PAUSE_S
    assert world.pauses == sorted(world.pauses)
    assert world.pauses[-1] == MAX_PAUSE_S


def test_a_lost_lease_stops_it() -> None:
    """If another worker has the job, nothing more is applied or undone: that worker does it."""
    world = World()
    world.on_pause = fails(LeaseLost("k7f3"))
    with pytest.raises(LeaseLost):
        run(world)
    assert world.log == ["read", "apply", "read"]


def test_each_read_is_told() -> None:
    """Until the state is seen: the end tells that."""
    world = World()
    world.on_pause = holds(world)
    heard: list[Facts] = []
    end = carry_out(Wanted("host-3", ()), world, world.read, world.pause, lambda *_: None, tell=heard.append)
    assert [facts.name for facts in heard] == ["does not"]
    assert end.facts.name == "holds"


def test_an_operation_may_know_how_long_it_takes() -> None:
    """The facts before it set the time-out."""
    world = World()
    world.on_pause = fails(AssertionError("waited"))
    with pytest.raises(Failed, match="after 0 s"):
        run(world, Hasty)


def test_a_secret_that_cannot_be_read_is_read_again() -> None:
    """The managers may be electing a leader: the result is seen when they have one."""
    world = World()

    def speaks() -> None:
        world.mute = False

    world.on_apply, world.on_pause = goes_mute(world), speaks
    assert run(world, Secretive) is True


def test_a_secret_that_stays_unread_is_settled() -> None:
    """The requester reads what is true now, not only that something could not be read."""
    world = World()
    world.on_apply = goes_mute(world)
    with pytest.raises(Failed, match="settled"):
        run(world, Mute)


def test_a_step_that_has_failed_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends at once with the operation's own reason; one that had failed before it was applied is not applied."""
    world = World()
    world.on_apply = lambda: monkeypatch.setitem(DOOMED, "now", True)
    with pytest.raises(Failed, match=r"It was rolled back\.") as caught:
        run(world, Doomed)
    assert world.log == ["read", "apply", "read", "settle"]
    assert world.pauses == []
    assert caught.value.true_now == "does not"
    with pytest.raises(Failed, match=r"It was rolled back\."):
        run(world, Doomed)
    assert world.log[4:] == ["read", "settle"]
